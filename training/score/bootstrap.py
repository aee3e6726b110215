"""How sure is a rate? Percentile bootstrap of pooled rates (Bisani and Ney, 2004).

Clips, or groups of clips that share a speaker, are drawn with replacement as often as there are
any; each draw gives a pooled rate, all errors over all reference tokens; the interval lies between
the quantiles of these rates. Two systems are compared on the same draws, so what makes a clip hard
for both cancels out. Draws without any reference token have no rate and are left out.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import UsageError
from training.score.error_rate import ErrorCount

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BLOCK = 1 << 20
"""Draws held in memory at once; changes no result."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How to resample.

    Attributes:
        resamples: draws; the quantiles of 2,000 move in the third digit from seed to seed.
        level: share of the resampled rates inside the interval, in (0, 1).
        seed: the same seed gives the same interval.
    """

    resamples: int = 2000
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.resamples < 1 or not 0.0 < self.level < 1.0:
            raise UsageError(
                f"No interval of level {self.level} comes from {self.resamples} resamples.",
                remedy="Choose a level between 0 and 1, and at least one resample.",
            )


@dataclass(frozen=True, slots=True)
class Interval:
    """A rate, or a difference of rates, and where it may lie.

    Attributes:
        estimate: on the clips as they are.
        low: lower quantile of the resampled values.
        high: upper quantile.
        level: share of the resampled values between them.
    """

    estimate: float
    low: float
    high: float
    level: float = 0.95

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside: a difference that is no accident of the clips."""
        return self.low > 0.0 or self.high < 0.0

    def to_json(self) -> dict[str, float]:
        """In percent, two decimals; the level as it is."""
        shown = {"estimate": self.estimate, "low": self.low, "high": self.high}
        return {name: round(100 * value, 2) for name, value in shown.items()} | {
            "level": self.level
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """The rate of one system less that of another, over the same clips.

    Attributes:
        interval: below zero where the first system is better.
        improved: share of the draws in which the first system is better: Bisani and Ney's
            "probability of improvement".
    """

    interval: Interval
    improved: float

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**self.interval.to_json(), "improved": round(self.improved, 4)}


def rate_interval(
    clips: Sequence[ErrorCount],
    bootstrap: Bootstrap | None = None,
    groups: Sequence[Hashable] | None = None,
) -> Interval | None:
    """The pooled rate of one system with its interval.

    Args:
        clips: counts of each clip.
        bootstrap: how to resample; the default where None.
        groups: what each clip belongs to, a speaker say; groups are then drawn instead of clips.

    Returns:
        None where there is no reference token, so no rate, or a single clip or group: it says
        nothing about the next one.
    """
    bootstrap = bootstrap or Bootstrap()
    table = _table([(clip.errors, clip.reference_length) for clip in clips], groups)
    if len(table) < 2 or not table[:, 1].any():
        return None
    draws = _draws(table, bootstrap)
    rates = draws[:, 0] / draws[:, 1]
    return _interval(table[:, 0].sum() / table[:, 1].sum(), rates, bootstrap.level)


def rate_difference(
    first: Sequence[ErrorCount],
    second: Sequence[ErrorCount],
    bootstrap: Bootstrap | None = None,
    groups: Sequence[Hashable] | None = None,
) -> Difference | None:
    """The pooled rate of ``first`` less that of ``second``, with its interval.

    Args:
        first: counts of each clip.
        second: of the same clips in the same order, with the same references.
        bootstrap: how to resample; the default where None.
        groups: what each clip belongs to; groups are then drawn instead of clips.

    Returns:
        None where `rate_interval` gives None.

    Raises:
        ValueError: the two do not count the same clips.
    """
    pairs = list(zip(first, second, strict=True))
    if any(a.reference_length != b.reference_length for a, b in pairs):
        raise ValueError("the two systems were scored against different references")
    bootstrap = bootstrap or Bootstrap()
    table = _table([(a.errors, a.reference_length, b.errors) for a, b in pairs], groups)
    if len(table) < 2 or not table[:, 1].any():
        return None
    draws = _draws(table, bootstrap)
    differences = (draws[:, 0] - draws[:, 2]) / draws[:, 1]
    estimate = (table[:, 0].sum() - table[:, 2].sum()) / table[:, 1].sum()
    interval = _interval(estimate, differences, bootstrap.level)
    return Difference(interval, improved=float((differences < 0).mean()))


def resampled(count: int, bootstrap: Bootstrap) -> Iterator["NDArray[np.int64]"]:
    """Draws of ``count`` items with replacement, in blocks of shape (draws, count): indices."""
    import numpy as np

    rng = np.random.default_rng(bootstrap.seed)
    rows = max(1, _BLOCK // max(count, 1))
    for start in range(0, bootstrap.resamples, rows):
        yield rng.integers(count, size=(min(rows, bootstrap.resamples - start), count))


def _table(
    rows: Sequence[tuple[int, ...]], groups: Sequence[Hashable] | None
) -> "NDArray[np.float64]":
    """One row a clip, or the sum of each group's rows: what is drawn."""
    # numpy here, and not at the top: the command line starts without it.
    import numpy as np

    width = len(rows[0]) if rows else 3
    table = np.array(rows, dtype=np.float64).reshape(len(rows), width)
    if groups is None:
        return table
    numbers: dict[Hashable, int] = {}
    places = [numbers.setdefault(group, len(numbers)) for group in groups]
    if len(places) != len(rows):
        raise ValueError(f"{len(rows)} clips, but {len(places)} groups")
    sums = np.zeros((len(numbers), width))
    np.add.at(sums, places, table)
    return sums


def _draws(table: "NDArray[np.float64]", bootstrap: Bootstrap) -> "NDArray[np.float64]":
    """Column sums of each draw with a reference, shape (draws, columns)."""
    import numpy as np

    sums = np.concatenate([table[block].sum(1) for block in resampled(len(table), bootstrap)])
    return sums[sums[:, 1] > 0]


def _interval(estimate: float, values: "NDArray[np.float64]", level: float) -> Interval:
    import numpy as np

    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(estimate), float(low), float(high), level)
