"""The reward of DG-WGPO (Mega-ASR, arXiv 2605.19833): it ranks transcripts that all failed."""

from training.reward.dg_wgpo import Reward, reward, rewards
from training.reward.options import WER_ONLY, RewardOptions
from training.reward.tokens import tokens

__all__ = ["WER_ONLY", "Reward", "RewardOptions", "reward", "rewards", "tokens"]
