"""``results.md``, generated from ``results.json``."""

from collections.abc import Sequence

from training.proof.plan import PAPER, PAPER_CORPORA, Row
from training.proof.results import (
    ALWAYS,
    BEYOND,
    BY_BASE,
    CLEAN,
    DEGRADED,
    LEARNABLE,
    ROUTED,
    ROUTES,
    Cell,
    Results,
)
from training.proof.sentences import (
    best_sentence,
    clean_sentence,
    failure_sentence,
    learning_sentences,
    order_sentence,
    router_sentence,
    shipping_sentence,
    step_sentence,
    steps_of,
)

_INTRODUCTION = """\
# The paper's ablation, on mini

Made by `{command}` on {day}. `results.json` beside this page holds every
figure and the errors of every clip; all but the section "Why" is generated from it.

Mini has 3.8 million parameters and understands synthetic voices and the words of one grammar. So
these figures tell whether the method, as it is built here, does on a small model what the paper
says it does on a large one. They do not tell how well Qwen3-ASR would hear.

Every supervised row learns from the same clips; reinforcement learning goes on with those of them
that the base model hears with an error and not wholly wrong, and keeps, of what it measured on the
way, the adapter that heard the held-out clips best. A2S-SFT and the rates of its phases were found
in trials on other clips; plain SFT has the rate of mini's own recipe. "Gentle" is plain SFT with
the lower rate that A2S-SFT has for the language model. No sentence of the test is in any training,
nor in mini's own, and its rooms, noises and babble are in none either."""

_WER = """\
Word error rates in %, pooled over clips, mean over seeds; in brackets the lowest and the highest
seed. "Degraded" are all degraded clips together; new voices are those that mini never heard. The
last two lines are what the paper measured with its large model, on other speech; it has no control,
and there DAPO with the WER reward is on one of two corpora above A2S-SFT."""

_DIFFERENCES = """\
The difference of word error rates on the same clips, in points: below zero, the first row is
better. Intervals by paired bootstrap over sentences: they tell what other sentences could have
given, not what other seeds could have; for that, see the seeds."""

_FAILURES = """\
Share of the degraded clips in %, mean over seeds. Empty: something was said, nothing written.
Omission: more than half is missing. Hallucination: most of what was written was never said.
Repetition: a loop that nobody spoke."""

_BY_BASE = """\
The degraded clips once more, always on, by what the base model makes of them. The paper trains on
no clip that the base model hears with a WER above 70 %, and on its test corpora that WER is 9 %
over all. The base's own figures follow from this choice of clips: the other rows can be compared
with each other, not with it."""

_KINDS = """\
Always on, for a hundred words that were said."""

_SHIPS = """\
Mini's adapter as it was before, the best of the rows above, and mini's adapter trained further, as
in the better row of reinforcement learning; each behind the router that mini had, and behind one
made for it (`training/routing/`), which learns what the adapter saves on a clip, and whether the
clip is degraded. Word error rates behind the router, %. The held-out clips decide, by the rule for
anybody's adapter (`training/evaluate/verdict.py`): shown to be better than the base and than what
ships, and no more than half a point worse than the base on clean sentences kept for this purpose;
besides, at most 5 % of these may go to the adapter. Where a router's threshold comes from the
held-out clips, each half of them is counted with the threshold that the other half gives."""

_POOLED = (CLEAN, DEGRADED)


def page(results: Results, why: str = "") -> str:
    """The page in Markdown.

    Args:
        results: the figures.
        why: a section that a person wrote, Markdown; taken over as it is.
    """
    parts = [
        _INTRODUCTION.format(command=results.command, day=results.created_at[:10]),
        "## In short",
        _list(_in_short(results)),
        "## Word error rates, always on",
        _WER,
        _table(_rates(results, ALWAYS)),
        "## Word error rates behind the router",
        _table(_rates(results, ROUTED)),
        "## Differences",
        _DIFFERENCES,
        _table(_differences(results, ROUTES, _POOLED)),
        "## By how well the base model hears",
        _BY_BASE,
        _table(_by_base(results)),
        _table(_differences(results, (ALWAYS,), BY_BASE)),
        "## Kinds of errors",
        _KINDS,
        _table(_kinds(results)),
        "## Failures",
        _FAILURES,
        _table(_failures(results)),
        "## Seeds and time",
        "Held-out word error rate behind the router, %, by which the best is chosen; test word "
        "error rate on degraded speech, always on, %; minutes on one core that the steps of the "
        "run took, without those of the row it goes on from.",
        _table(_seeds(results)),
    ]
    learnt = learning_sentences(results)
    if learnt:
        parts += ["Reinforcement learning:", _list(learnt)]
    parts += [
        "## What ships",
        _SHIPS,
        _table(_contenders(results)),
        _list([f"{one.name}: {one.verdict}" for one in results.contenders if one.verdict]),
        "## What it was made with",
        _table([["what", "how many"], *([k, f"{v:g}"] for k, v in results.facts.items())]),
        _table(
            [
                ["test clips", "clips", "words", "sent to the adapter, %"],
                *(
                    [name, str(one.clips), str(one.words), f"{one.routed_share:.1f}"]
                    for name, one in results.sets.items()
                ),
            ]
        ),
        _list(
            [
                ", ".join(f"{name} {version}" for name, version in results.versions.items()),
                ", ".join(f"{name} {digest[:12]}" for name, digest in results.sha256.items()),
            ]
        ),
    ]
    if why.strip():
        parts += ["## Why", why.strip()]
    return "\n\n".join(parts) + "\n"


def _in_short(results: Results) -> list[str]:
    return [
        order_sentence(results, ALWAYS),
        order_sentence(results, ROUTED),
        *([order_sentence(results, ALWAYS, LEARNABLE)] if LEARNABLE in results.sets else []),
        *map(step_sentence, steps_of(results, ALWAYS)),
        router_sentence(results),
        clean_sentence(results, Row(results.best_row)),
        failure_sentence(results),
        best_sentence(results),
        shipping_sentence(results),
    ]


def _rates(results: Results, route: str) -> list[list[str]]:
    """Sets down, systems across; the spread over seeds where clips are many."""
    rows = [["", *(Row(row.row).label for row in results.rows)]]
    for name in results.sets:
        if name in BY_BASE:
            continue
        cells = [row.cells[route][name] for row in results.rows]
        rows.append([name, *(_shown(cell, spread=name in _POOLED) for cell in cells)])
    for number, corpus in enumerate(PAPER_CORPORA if route == ALWAYS else ()):
        measured = (PAPER.get(Row(row.row)) for row in results.rows)
        shown = (f"{wers[number]:.2f}" if wers else "-" for wers in measured)
        rows.append([f"the paper, {corpus}", *shown])
    return rows


def _shown(cell: Cell, *, spread: bool) -> str:
    if len(cell.by_seed) < 2 or not spread:
        return f"{cell.wer:.1f}"
    return f"{cell.wer:.1f} ({min(cell.by_seed):.1f} to {max(cell.by_seed):.1f})"


def _by_base(results: Results) -> list[list[str]]:
    rows = [["", "clips", *(Row(row.row).label for row in results.rows)]]
    for name in BY_BASE:
        if size := results.sets.get(name):
            cells = (row.cells[ALWAYS][name] for row in results.rows)
            rows.append([name, str(size.clips), *(_shown(cell, spread=True) for cell in cells)])
    return rows


def _kinds(results: Results) -> list[list[str]]:
    rows = [["", "clips", "substitutions", "deletions", "insertions", "words written"]]
    for row in results.rows:
        for name in (DEGRADED, LEARNABLE, BEYOND):
            if cell := row.cells[ALWAYS].get(name):
                figures = (cell.substitutions, cell.deletions, cell.insertions, cell.written)
                rows.append([Row(row.row).label, name, *(f"{figure:.1f}" for figure in figures)])
    return rows


def _differences(results: Results, routes: Sequence[str], sets: Sequence[str]) -> list[list[str]]:
    rows = [["row", "against", "clips", "route", "points", "95 % interval", "seeds better", ""]]
    for one in results.comparisons:
        if one.clips in sets and one.route in routes:
            rows.append(
                [
                    Row(one.row).label,
                    Row(one.other).label,
                    one.clips,
                    one.route,
                    f"{one.points:+.2f}",
                    f"{one.low:+.2f} to {one.high:+.2f}",
                    f"{one.better_pairs} of {one.pairs}",
                    one.verdict,
                ]
            )
    return rows


def _failures(results: Results) -> list[list[str]]:
    kinds = list(results.rows[0].cells[ALWAYS][DEGRADED].failures)
    rows = [["", "route", *kinds]]
    for row in results.rows:
        for route in (ALWAYS, ROUTED) if row.seeds else (ALWAYS,):
            failures = row.cells[route][DEGRADED].failures
            rows.append([Row(row.row).label, route, *(f"{failures[kind]:.1f}" for kind in kinds)])
    return rows


def _seeds(results: Results) -> list[list[str]]:
    rows = [["", "seed", "held-out", "test", "minutes"]]
    for row in results.rows:
        cell = row.cells[ALWAYS][DEGRADED]
        for number, held_out in enumerate(row.held_out_wer):
            seed = str(row.seeds[number]) if row.seeds else "-"
            took = f"{row.training_min[number]:.1f}" if row.seeds else "-"
            rows.append(
                [Row(row.row).label, seed, f"{held_out:.2f}", f"{cell.by_seed[number]:.2f}", took]
            )
    return rows


def _contenders(results: Results) -> list[list[str]]:
    heads = ["held-out", "clean", "degraded", "clean sent to it, %", "degraded, %", "threshold"]
    rows = [["adapter and router", *heads, ""]]
    for one in results.contenders:
        figures = (
            f"{one.held_out_wer:.2f}",
            f"{one.clean_wer:.2f}",
            f"{one.degraded_wer:.2f}",
            f"{one.clean_share:.1f}",
            f"{one.degraded_share:.1f}",
            f"{one.threshold:.3g}",
        )
        rows.append([one.name, *figures, "ships" if one is results.ships else ""])
    return rows


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(rows: Sequence[Sequence[str]]) -> str:
    heading, *body = rows
    marks = ["---", *("---:" for _ in heading[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heading, marks, *body))
