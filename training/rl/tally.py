"""What the rollouts of a step have in common: its line in the metrics."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import fmean, pstdev
from typing import Any

from training.reward import Reward
from training.rl.rollouts import Group


@dataclass(frozen=True, slots=True)
class Tally:
    """Figures over all rollouts of a step; see `training.rl.events.RlStepDone`."""

    reward: float
    reward_std: float
    terms: dict[str, float]
    wer: float
    groups: int
    skipped_share: float
    refills: int
    tokens_mean: float
    tokens_most: int
    truncated_share: float
    repetition_share: float
    length_ratio: float

    def figures(self) -> dict[str, Any]:
        """By name, not copied deeper."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def tally(groups: Sequence[Group], refills: int) -> Tally:
    """Counts the groups of one step, skipped ones too.

    Args:
        groups: at least one.
        refills: rounds of sampling after the first.
    """
    verdicts = [verdict for group in groups for verdict in group.verdicts]
    rollouts = [rollout for group in groups for rollout in group.rollouts]
    rewards = [verdict.reward for verdict in verdicts]
    said = max(1, sum(reward.alignment.reference_length for reward in rewards))
    overlong = fmean(verdict.overlong for verdict in verdicts)
    return Tally(
        reward=fmean(verdict.total for verdict in verdicts),
        reward_std=fmean(pstdev([v.total for v in group.verdicts]) for group in groups),
        terms=_terms(rewards) | {"overlong": overlong},
        wer=sum(reward.alignment.edits for reward in rewards) / said,
        groups=len(groups),
        skipped_share=fmean(not group.has_signal for group in groups),
        refills=refills,
        tokens_mean=fmean(rollout.tokens for rollout in rollouts),
        tokens_most=max(rollout.tokens for rollout in rollouts),
        truncated_share=fmean(not rollout.ended for rollout in rollouts),
        repetition_share=fmean(reward.r_rep == 0.0 for reward in rewards),
        length_ratio=sum(reward.alignment.hypothesis_length for reward in rewards) / said,
    )


def _terms(rewards: Sequence[Reward]) -> dict[str, float]:
    parts = [reward.parts() for reward in rewards]
    names = [name for name in parts[0] if name not in ("total", "wer")]
    return {name: fmean(part[name] for part in parts) for name in names}
