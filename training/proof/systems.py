"""Every system's scores on the same clips, and the figures that follow from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import fmean

from training.evaluate import EvaluationClip
from training.proof.material import is_never_heard
from training.proof.plan import Row
from training.proof.results import (
    ALWAYS,
    BASE_RIGHT,
    BEYOND,
    BY_BASE,
    CLEAN,
    DEGRADED,
    LEARNABLE,
    ROUTES,
    Cell,
    ClipSet,
    Comparison,
)
from training.score import (
    ClipScore,
    ErrorCount,
    Failure,
    FailureCounts,
    rate_difference,
    rate_interval,
)
from training.simulate.learnability import UNLEARNABLE
from training.simulate.scenarios import ATOMIC

CLEAN_NEW = "clean, new voices"
DEGRADED_NEW = "degraded, new voices"
SETS = (
    CLEAN, *ATOMIC, "2 effects", "3 effects", "4 effects", "5 effects", DEGRADED, CLEAN_NEW,
    DEGRADED_NEW, *BY_BASE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Systems:
    """The scores of every system on some clips, clip by clip.

    Attributes:
        clips: that were heard.
        on: whether the router sends a clip to the adapter.
        scores: row -> a list for each seed; the base has one.
    """

    clips: Sequence[EvaluationClip]
    on: Sequence[bool]
    scores: Mapping[Row, Sequence[Sequence[ClipScore]]]

    def behind(self, row: Row, route: str) -> list[list[ClipScore]]:
        """The scores of a row, always on or behind the router."""
        if route == ALWAYS:
            return [list(scores) for scores in self.scores[row]]
        (base,) = self.scores[Row.BASE]
        return [
            [there if on else here for there, here, on in zip(scores, base, self.on, strict=True)]
            for scores in self.scores[row]
        ]


def sets_of(clip: EvaluationClip) -> list[str]:
    """The sets that a test clip belongs to; the first is in a table of its own."""
    new = is_never_heard(clip)
    if not clip.conditions:
        return [CLEAN, CLEAN_NEW] if new else [CLEAN]
    count = len(clip.conditions)
    own = clip.conditions[0] if count == 1 else f"{count} effects"
    return [own, DEGRADED, DEGRADED_NEW] if new else [own, DEGRADED]


def cells(systems: Systems, row: Row) -> dict[str, dict[str, Cell]]:
    """Route -> set -> figures of a row."""
    return {
        route: {name: _cell(systems, row, route, places) for name, places in places_of(systems)}
        for route in ROUTES
    }


def comparisons(systems: Systems, seeds: Mapping[Row, Sequence[int]]) -> list[Comparison]:
    """Every row with those that it should be better than, on every set and route."""
    found = []
    for row in Row:
        for other in row.compared_with:
            for route in ROUTES:
                mine = systems.behind(row, route)
                # Seed with seed, where the other row has it; both began with the same adapter.
                pairs = [
                    (scores, _of_seed(systems.behind(other, route), seeds[other], seed))
                    for seed, scores in zip(seeds[row], mine, strict=True)
                ]
                for name, places in places_of(systems):
                    found.append(_compared(row, other, route, name, pairs, places, systems))
    return found


def _of_seed(scores: Sequence[list[ClipScore]], seeds: Sequence[int], seed: int) -> list[ClipScore]:
    return scores[seeds.index(seed) if seed in seeds else 0]


def _compared(
    row: Row,
    other: Row,
    route: str,
    name: str,
    pairs: Sequence[tuple[list[ClipScore], list[ClipScore]]],
    places: Sequence[int],
    systems: Systems,
) -> Comparison:
    draws = [systems.clips[index].draw for index in places]
    first = [[scores[index].errors for index in places] for scores, _ in pairs]
    second = [[scores[index].errors for index in places] for _, scores in pairs]
    difference = rate_difference(
        list(chain(*first)), list(chain(*second)), groups=draws * len(pairs)
    )
    assert difference is not None  # there are several sentences
    better = sum(
        total(mine).errors < total(theirs).errors
        for mine, theirs in zip(first, second, strict=True)
    )
    interval = difference.interval
    return Comparison(
        row=row,
        other=other,
        route=route,
        clips=name,
        points=percent(interval.estimate),
        low=percent(interval.low),
        high=percent(interval.high),
        better_pairs=better,
        pairs=len(pairs),
    )


def heard_by_base(clip: EvaluationClip, base: ErrorCount) -> list[str]:
    """The set that a degraded clip belongs to by what the base model made of it."""
    if not clip.conditions:
        return []
    wer = base.rate or 0.0
    return [BASE_RIGHT if not wer else LEARNABLE if wer <= UNLEARNABLE else BEYOND]


def sizes(systems: Systems) -> dict[str, ClipSet]:
    (base,) = systems.scores[Row.BASE]
    return {
        name: ClipSet(
            clips=len(places),
            words=total([base[index].errors for index in places]).reference_length,
            routed_share=percent(fmean(systems.on[index] for index in places)),
        )
        for name, places in places_of(systems)
    }


def wer_of(scores: Sequence[ClipScore]) -> float:
    return percent(total([score.errors for score in scores]).rate or 0.0)


def total(errors: Iterable[ErrorCount]) -> ErrorCount:
    return sum(errors, start=ErrorCount())


def percent(share: float) -> float:
    return round(100.0 * share, 2)


def places_of(systems: Systems) -> list[tuple[str, list[int]]]:
    """Set -> its clips; without sets of a single sentence, which says nothing about the next."""
    (base,) = systems.scores[Row.BASE]
    of = [
        sets_of(clip) + heard_by_base(clip, score.errors)
        for clip, score in zip(systems.clips, base, strict=True)
    ]
    found = [(name, [i for i, names in enumerate(of) if name in names]) for name in SETS]
    return [
        (name, places)
        for name, places in found
        if len({systems.clips[index].draw for index in places}) > 1
    ]


def _cell(systems: Systems, row: Row, route: str, places: Sequence[int]) -> Cell:
    scores = [[own[index] for index in places] for own in systems.behind(row, route)]
    draws = [systems.clips[index].draw for index in places]
    together = list(chain(*scores))
    errors = total(score.errors for score in together)
    interval = rate_interval([s.errors for s in together], groups=draws * len(scores))
    assert interval is not None  # there are several sentences
    failed = FailureCounts.of(score.failures for score in together)
    shares = {kind.value: failed.rate(kind) for kind in Failure}
    shares["any"] = failed.any / failed.clips

    def of_words(count: int) -> float:
        return percent(count / errors.reference_length)

    return Cell(
        wer=percent(interval.estimate),
        low=percent(interval.low),
        high=percent(interval.high),
        by_seed=tuple(map(wer_of, scores)),
        substitutions=of_words(errors.substitutions),
        deletions=of_words(errors.deletions),
        insertions=of_words(errors.insertions),
        failures={kind: percent(share) for kind, share in shares.items()},
    )
