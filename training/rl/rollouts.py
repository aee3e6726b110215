"""Rollouts and what they are worth: everything about a group of them but its tensors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.recognizer.recognizer import SPARE_TOKENS, TOKENS_A_SECOND
from training.data import Example
from training.data.example import TEXT_MARK
from training.finetune.rl_config import RlConfig
from training.reward import Reward, rewards

EQUAL = 1e-6
"""Rewards that differ by less are equal up to rounding."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One sampled transcript.

    Attributes:
        text: the words as they were written, loops whole.
        tokens: number of tokens, tag and end mark included.
        ended: it came to its end mark.
    """

    text: str
    tokens: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rollout is worth.

    Attributes:
        total: the reward that training sees.
        overlong: the penalty inside it, 0 or less.
        reward: DG-WGPO's, with its terms.
    """

    total: float
    overlong: float
    reward: Reward


Judge = Callable[[Example, Sequence[Rollout]], Sequence[Verdict]]
"""Rewards the rollouts of one clip."""


@dataclass(frozen=True, slots=True)
class Group:
    """The rollouts of one clip, and what each is worth."""

    clip: Example
    rollouts: tuple[Rollout, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def has_signal(self) -> bool:
        """Whether the rewards differ; if not, every advantage is 0."""
        totals = [verdict.total for verdict in self.verdicts]
        return max(totals) - min(totals) > EQUAL


def budget(clip: Example, most_tokens: int) -> int:
    """Most tokens of a rollout: those that inference grants the clip, within ``most_tokens``."""
    return min(most_tokens, SPARE_TOKENS + int(TOKENS_A_SECOND * clip.duration_s))


def overlong(tokens: int, budget: int, share: float) -> float:
    """Soft overlong punishment (DAPO, equation 13), from 0 to -1.

    Args:
        tokens: length of the rollout.
        budget: L_max; beyond it: -1.
        share: L_cache / L_max, the last part of the budget, over which it falls from 0 to -1.
    """
    soft = share * budget
    if tokens <= budget - soft:
        return 0.0
    return (budget - soft - tokens) / soft if tokens <= budget else -1.0


def judge(config: RlConfig) -> Judge:
    """DG-WGPO's reward with the overlong penalty."""

    def verdicts(clip: Example, rollouts: Sequence[Rollout]) -> list[Verdict]:
        most = budget(clip, config.most_tokens)
        found = []
        values = rewards(clip.text, [rollout.text for rollout in rollouts], config.reward)
        for rollout, reward in zip(rollouts, values, strict=True):
            penalty = overlong(rollout.tokens, most, config.overlong_share)
            penalty *= config.overlong_weight
            found.append(Verdict(reward.total + penalty, penalty, reward))
        return found

    return verdicts


def words(raw_text: str) -> str:
    """What stands behind the tag; all of it where there is none."""
    tag, mark, text = raw_text.partition(TEXT_MARK)
    return (text if mark else tag).strip()
