"""Where to draw the line: the threshold of lowest word error rate, from stored error counts.

A clip goes to the robust route where its probability is at or above the threshold, as in
`engine.decide`. So n clips allow n + 1 routings at most, and each is looked at.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.routing.errors import RoutingError
from training.score import (
    Bootstrap,
    Difference,
    ErrorCount,
    Interval,
    rate_difference,
    rate_interval,
)
from training.score.bootstrap import resampled

NEUTRAL = 0.5
"""Between thresholds that do equally well, the one closest to the paper's default is taken."""

CURVE_POINTS = 101


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """A threshold and what it brings on the clips it was chosen on.

    It was chosen to look best on these clips, so the rates flatter it a little; `low` and `high`
    show how far the choice depends on which clips they happened to be.

    Attributes:
        threshold: in [0, 1]; at or above it a clip goes to the robust route.
        low: lower quantile of the thresholds chosen on resampled clips.
        high: upper quantile.
        robust_share: share of the clips that go to the robust route.
        routed: error rate with this threshold; an interval is None for fewer than two clips or
            groups.
        base: error rate of the base route alone.
        robust: error rate of the robust route alone.
        over_base: routed less base; below zero where routing is better.
        over_robust: routed less robust.
        curve: (threshold, error rate) from 0 to 1, for a plot.
    """

    threshold: float
    low: float
    high: float
    robust_share: float
    routed: Interval | None
    base: Interval | None
    robust: Interval | None
    over_base: Difference | None
    over_robust: Difference | None
    curve: tuple[tuple[float, float], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data; rates in percent."""
        parts = {
            name: None if (part := getattr(self, name)) is None else part.to_json()
            for name in ("routed", "base", "robust", "over_base", "over_robust")
        }
        return {
            "threshold": self.threshold,
            "threshold_low": self.low,
            "threshold_high": self.high,
            "robust_share": self.robust_share,
            **parts,
            "curve": [[at, round(100 * rate, 3)] for at, rate in self.curve],
        }


def choose_threshold(
    probabilities: Sequence[float] | NDArray[np.floating[Any]],
    base: Sequence[ErrorCount],
    robust: Sequence[ErrorCount],
    bootstrap: Bootstrap | None = None,
    groups: Sequence[Hashable] | None = None,
) -> ThresholdChoice:
    """The threshold whose routing has the lowest pooled error rate.

    Args:
        probabilities: of the robust route, in [0, 1], one for each clip.
        base: errors of the base route on the clips.
        robust: errors of the robust route, against the same references.
        bootstrap: how to find the intervals; the default where None.
        groups: what each clip belongs to; groups are drawn instead of clips.

    Raises:
        RoutingError: there are no clips with a reference.
    """
    lengths = sum(clip.reference_length for clip in base)
    if not lengths:
        raise RoutingError(
            "No held-out clip has a reference, so no threshold can be chosen.",
            remedy="Hold out clips that both routes have transcribed and that have a transcript.",
        )
    bootstrap = bootstrap or Bootstrap()
    given = np.asarray(probabilities, np.float64)
    saved = np.array([b.errors - r.errors for b, r in zip(base, robust, strict=True)], np.float64)
    cuts = _Cuts.of(given)
    threshold = float(cuts.best(saved[None])[0])
    chosen = _resampled_thresholds(cuts, saved, bootstrap, groups)
    low, high = np.quantile(chosen, [(1 - bootstrap.level) / 2, (1 + bootstrap.level) / 2])
    to_robust = given >= threshold
    routed = [r if go else b for go, b, r in zip(to_robust, base, robust, strict=True)]
    errors = sum(clip.errors for clip in base)
    grid = np.linspace(0.0, 1.0, CURVE_POINTS)
    return ThresholdChoice(
        threshold=threshold,
        low=float(low),
        high=float(high),
        robust_share=float(to_robust.mean()),
        routed=rate_interval(routed, bootstrap, groups),
        base=rate_interval(base, bootstrap, groups),
        robust=rate_interval(robust, bootstrap, groups),
        over_base=rate_difference(routed, base, bootstrap, groups),
        over_robust=rate_difference(routed, robust, bootstrap, groups),
        curve=tuple(
            (float(at), float((errors - saved[given >= at].sum()) / lengths)) for at in grid
        ),
    )


@dataclass(frozen=True, slots=True)
class _Cuts:
    """Every routing a threshold can give: the first `counts[k]` clips of `order` go robust.

    `thresholds[k]` gives that routing: the neutral one where it does, else the middle between the
    probabilities on both sides.
    """

    order: NDArray[np.intp]
    counts: NDArray[np.intp]
    thresholds: NDArray[np.float64]

    @classmethod
    def of(cls, probabilities: NDArray[np.float64]) -> "_Cuts":
        order = np.argsort(-probabilities, kind="stable")
        falling = probabilities[order]
        above = np.concatenate([falling, [-np.inf]])  # the next clip, which stays with base
        below = np.concatenate([[np.inf], falling])  # the last clip that goes robust
        # Equal probabilities cannot be parted; and with a clip at 1 none can be kept from robust.
        counts = np.flatnonzero((above < below) & (above < 1.0))
        low, high = np.maximum(above[counts], 0.0), np.minimum(below[counts], 1.0)
        neutral = (above[counts] < NEUTRAL) & (below[counts] >= NEUTRAL)
        return cls(order, counts, np.where(neutral, NEUTRAL, (low + high) / 2))

    def best(self, saved: NDArray[np.float64]) -> NDArray[np.float64]:
        """The best threshold of each row of ``saved``, whole edits of shape (rows, clips)."""
        gains = np.zeros((len(saved), saved.shape[1] + 1))
        np.cumsum(saved[:, self.order], axis=1, out=gains[:, 1:])
        # Under one edit, so that it only decides between equals.
        far = np.abs(self.thresholds - NEUTRAL)
        best = np.argmax(gains[:, self.counts] - far, axis=1)
        chosen: NDArray[np.float64] = self.thresholds[best]
        return chosen


def _resampled_thresholds(
    cuts: _Cuts,
    saved: NDArray[np.float64],
    bootstrap: Bootstrap,
    groups: Sequence[Hashable] | None,
) -> NDArray[np.float64]:
    numbers: dict[Hashable, int] = {}
    names = range(len(saved)) if groups is None else groups
    places = np.array([numbers.setdefault(name, len(numbers)) for name in names])
    chosen = []
    for block in resampled(len(numbers), bootstrap):
        times = np.stack([np.bincount(draw, minlength=len(numbers)) for draw in block])
        chosen.append(cuts.best(times[:, places] * saved))
    return np.concatenate(chosen)
