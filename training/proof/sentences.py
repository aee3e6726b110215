"""What the figures say, in words: every sentence follows from the figures alone."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from training.proof.plan import PAPERS_ORDER, Row
from training.proof.results import (
    ALWAYS,
    CLEAN,
    DEGRADED,
    LEARNABLE,
    ROUTED,
    Comparison,
    Results,
)

_WHERE: Mapping[str, str] = MappingProxyType({ALWAYS: "always on", ROUTED: "behind the router"})

_WHICH: Mapping[str, str] = MappingProxyType(
    {
        DEGRADED: "degraded speech",
        LEARNABLE: "degraded clips in which the base errs, but not beyond a WER of 70 %",
    }
)


def order_sentence(results: Results, route: str, clips: str = DEGRADED) -> str:
    """Whether each row is better than the one before it on degraded speech, as is hoped."""
    steps = [find(results, row, other, route, clips) for other, row in pairwise(PAPERS_ORDER)]
    better = [step for step in steps if step.verdict == "better"]
    worse = [step for step in steps if step.verdict == "worse"]
    below = [step for step in steps if step.points < 0.0]
    where = f"{_WHICH[clips]}, {_WHERE[route]}"
    if len(better) == len(steps):
        return (
            f"The order that is hoped for holds on {where}: every row is shown to be better than "
            "the one before it."
        )
    named = ", ".join(Row(step.row).label for step in worse)
    return (
        "The order that is hoped for (base, plain SFT, A2S-SFT, DAPO, DG-WGPO) on "
        f"{where}: {len(below)} of {len(steps)} steps go down, "
        f"{len(better)} {_are(len(better))} shown to (the interval excludes zero), "
        f"{len(worse)} {_are(len(worse))} shown to go up{f' ({named})' if named else ''}."
    )


def step_sentence(found: Comparison) -> str:
    """One comparison on degraded speech."""
    row, other = Row(found.row).label, Row(found.other).label
    size = f"{abs(found.points):.2f} points {'below' if found.points < 0 else 'above'}"
    interval = f"95 % interval of the difference {found.low:+.2f} to {found.high:+.2f}"
    seeds = (
        f", better in {found.better_pairs} of {found.pairs} seeds"
        if found.pairs > 1
        else ", one seed"
    )
    verdict = {
        "better": "It is better.",
        "worse": "It is worse.",
        "not shown": "No difference is shown.",
    }[found.verdict]
    return f"**{row}** against {other}: {size} ({interval}{seeds}). {verdict}"


def clean_sentence(results: Results, row: Row) -> str:
    """What a row does to clean speech, always on and behind the router."""
    base = results.row(Row.BASE).cells[ALWAYS][CLEAN].wer
    cells = results.row(row).cells
    return (
        f"Clean speech, {row.label}: base {base:.2f} %, always on "
        f"{cells[ALWAYS][CLEAN].wer:.2f} %, behind the router {cells[ROUTED][CLEAN].wer:.2f} %."
    )


def router_sentence(results: Results) -> str:
    """What the router sends where."""
    clean, degraded = results.sets[CLEAN], results.sets[DEGRADED]
    return (
        f"The router that mini ships with (threshold {results.threshold:g}) uses the adapter on "
        f"{clean.routed_share:.1f} % of the clean clips and {degraded.routed_share:.1f} % of the "
        "degraded ones."
    )


def failure_sentence(results: Results) -> str:
    """Failures of the base and of the best row."""
    best = Row(results.best_row)
    base = results.row(Row.BASE).cells[ALWAYS][DEGRADED].failures
    cell = results.row(best).cells[ALWAYS][DEGRADED].failures
    kinds = ", ".join(f"{kind} {base[kind]:.1f} to {cell[kind]:.1f} %" for kind in cell)
    return f"Failures on degraded speech, base to {best.label} always on: {kinds}."


def best_sentence(results: Results) -> str:
    """Which adapter is the best by held-out clips."""
    best = results.row(results.best_row)
    wer = best.held_out_wer[best.seeds.index(results.best_seed)]
    return (
        f"By the held-out clips, and never by the test clips, the best is "
        f"{Row(best.row).label}, seed {results.best_seed} ({wer:.2f} % behind the router)."
    )


def shipping_sentence(results: Results) -> str:
    """What ships as mini's own."""
    chosen = results.ships
    before = next(one for one in results.contenders if one.is_present)
    if chosen.is_present:
        return (
            "What ships: mini's adapter and router as they are, for nothing is shown to be better "
            f"on the held-out clips ({chosen.held_out_wer:.2f} %)."
        )
    return (
        f"What ships: {chosen.name}, shown to be better on the held-out clips "
        f"({chosen.held_out_wer:.2f} %, before {before.held_out_wer:.2f} %). On the test clips: "
        f"degraded {chosen.degraded_wer:.2f} %, before {before.degraded_wer:.2f} %; clean "
        f"{chosen.clean_wer:.2f} %, before {before.clean_wer:.2f} %."
    )


def learning_sentences(results: Results) -> list[str]:
    """How reinforcement learning went."""
    said = []
    for row in results.rows:
        for seed, run in zip(row.seeds, row.learning, strict=False):
            said.append(
                f"{Row(row.row).label}, seed {seed}: mean reward {run.first_reward:.3f} at first "
                f"and {run.last_reward:.3f} at last, over {run.steps} steps; kept the adapter of "
                f"step {run.best_step}; {run.skipped_share:.0%} of the groups gave no signal; "
                f"{run.repetition_share:.1%} of the last transcripts were loops."
            )
    return said


def find(results: Results, row: Row, other: Row, route: str, clips: str) -> Comparison:
    """One comparison."""
    return next(
        one
        for one in results.comparisons
        if (one.row, one.other, one.route, one.clips) == (row, other, route, clips)
    )


def steps_of(results: Results, route: str) -> Sequence[Comparison]:
    """All comparisons on degraded speech, in the paper's order."""
    return [one for one in results.comparisons if one.route == route and one.clips == DEGRADED]


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
