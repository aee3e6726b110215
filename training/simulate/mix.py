"""What a set of clips consists of: which scenarios, how often, how hard, how fast."""

import math
from dataclasses import dataclass

import numpy as np

from engine.errors import UsageError
from training.simulate.scenarios import CLEAN, COMMON_DOUBLES, SCENARIOS, Scenario
from training.simulate.severity import SAMPLINGS
from training.simulate.speed import FASTEST, SLOWEST

SHARES = (0.60, 0.24, 0.16)
"""Of single conditions, of the four common doubles, of all others (paper section 3)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was drawn for one clip, before any parameter."""

    scenario: Scenario
    severity: float
    speed: float


@dataclass(frozen=True, slots=True)
class Mix:
    """Proportions of a set.

    Attributes:
        scenarios: those to be used. A group of `shares` none of which is used leaves its share to
            the other groups.
        clean_share: clips that stay as they are, in [0, 1].
        sampling: of the severity; a name in `SAMPLINGS`.
        speed: slowest and fastest factor, drawn evenly in ratios.
        shares: of single conditions, of the four common doubles, of all others; need not add up
            to 1.

    Raises:
        UsageError: a share, a sampling or a speed that makes no sense, or nothing to choose from.
    """

    scenarios: tuple[Scenario, ...] = SCENARIOS
    clean_share: float = 0.0
    sampling: str = "linear"
    speed: tuple[float, float] = (1.0, 1.0)
    shares: tuple[float, float, float] = SHARES

    def __post_init__(self) -> None:
        slowest, fastest = self.speed
        if not 0.0 <= self.clean_share <= 1.0:
            raise _nonsense("The share of clean clips", self.clean_share, "a number from 0 to 1")
        if self.sampling not in SAMPLINGS:
            raise _nonsense("The sampling", self.sampling, f"one of: {', '.join(SAMPLINGS)}")
        if not SLOWEST <= slowest <= fastest <= FASTEST:
            raise _nonsense(
                "The speed", f"{slowest}-{fastest}", f"a range within {SLOWEST}-{FASTEST}"
            )
        if not all(0.0 <= share < math.inf for share in self.shares):
            raise _nonsense("The mix", self.shares, "three shares, none of them negative")
        if CLEAN in self.scenarios or (self.clean_share < 1.0 and not self._groups()[0]):
            raise UsageError(
                "No scenario has a share in the mix, or clean is named as one.",
                "Nothing was made yet.",
                "Name some of the 54; clean clips have a share of their own.",
            )

    def draw(self, rng: np.random.Generator) -> Choice:
        """A clip; always takes the same count of random numbers."""
        clean, group, member, hardness, pace = rng.random(5).tolist()
        slowest, fastest = self.speed
        speed = slowest * math.exp(pace * math.log(fastest / slowest))
        if clean < self.clean_share:
            return Choice(CLEAN, 0.0, speed)
        groups, ends = self._groups()
        at = min(sum(group >= end for end in ends), len(groups) - 1)
        chosen = groups[at][min(int(member * len(groups[at])), len(groups[at]) - 1)]
        return Choice(chosen, SAMPLINGS[self.sampling](hardness), speed)

    def _groups(self) -> tuple[list[list[Scenario]], list[float]]:
        """Groups that are used, and where their shares end."""
        of: tuple[list[Scenario], ...] = ([], [], [])
        for one in dict.fromkeys(self.scenarios):
            of[0 if len(one.parts) == 1 else 1 if one in COMMON_DOUBLES else 2].append(one)
        used = [
            (group, share)
            for group, share in zip(of, self.shares, strict=True)
            if group and share > 0.0
        ]
        ends = np.cumsum([share for _, share in used]) / sum(share for _, share in used)
        return [group for group, _ in used], ends.tolist()


def _nonsense(subject: str, given: object, wanted: str) -> UsageError:
    return UsageError(f"{subject} can't be {given}.", "Nothing was made yet.", f"Give {wanted}.")
