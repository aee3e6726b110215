"""Clips sorted into rows: by kind, condition, scenario, number of effects, severity, language."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from training.evaluate.clips import EvaluationClip
from training.evaluate.result import Row, Table
from training.score import Bootstrap, ClipScore, ErrorCount, FailureCounts, Rate, rate_interval
from training.simulate.scenarios import ATOMIC, SCENARIOS

BANDS = 5
"""Severity in bands of equal width."""

FEWEST = 5
"""Fewer different clips have no interval: resampling three says nothing about the fourth."""

Scored = Mapping[str, Sequence[ClipScore]]
"""Column -> scores, clip by clip."""


def tables(clips: Sequence[EvaluationClip], scored: Scored, bootstrap: Bootstrap) -> list[Table]:
    """Every table that has a row.

    Args:
        clips: what was heard.
        scored: of each column, in the order of the clips.
        bootstrap: how intervals are found; copies of one clean clip are drawn together.
    """
    scenarios = [known.name for known in SCENARIOS]
    sorted_by: list[tuple[str, str, Callable[[EvaluationClip], str | None], Sequence[str]]] = [
        ("groups", "Kinds of clips", lambda c: c.group.value, ("clean", "degraded", "own")),
        ("languages", "Languages", lambda c: c.language, ()),
        ("conditions", "Single conditions", _condition, ATOMIC),
        ("effects", "Number of conditions", lambda c: _count(c), ()),
        ("severities", "Severity", _band, ()),
        ("scenarios", "Scenarios", lambda c: c.scenario or None, scenarios),
    ]
    made = [
        Table(key, title, _rows(clips, scored, bootstrap, label, order))
        for key, title, label, order in sorted_by
    ]
    return [table for table in made if table.rows]


def _condition(clip: EvaluationClip) -> str | None:
    return clip.conditions[0] if len(clip.conditions) == 1 else None


def _count(clip: EvaluationClip) -> str | None:
    return None if clip.group == "own" else str(len(clip.conditions))


def _band(clip: EvaluationClip) -> str | None:
    if clip.severity is None or not clip.conditions:
        return None
    band = min(int(clip.severity * BANDS), BANDS - 1)
    return f"{band / BANDS:.1f} to {(band + 1) / BANDS:.1f}"


def _rows(
    clips: Sequence[EvaluationClip],
    scored: Scored,
    bootstrap: Bootstrap,
    label: Callable[[EvaluationClip], str | None],
    order: Sequence[str],
) -> tuple[Row, ...]:
    """Rows in the given order, others behind them by name."""
    places: dict[str, list[int]] = defaultdict(list)
    for index, clip in enumerate(clips):
        name = label(clip)
        if name is not None:
            places[name].append(index)
    rank = {name: number for number, name in enumerate(order)}
    names = sorted(places, key=lambda name: (rank.get(name, len(rank)), name))
    return tuple(
        Row(
            name,
            {
                column: _rate(
                    [scores[index] for index in places[name]],
                    [clips[index].draw for index in places[name]],
                    bootstrap,
                )
                for column, scores in scored.items()
            },
        )
        for name in names
    )


def _rate(
    scores: Sequence[ClipScore], draws: Sequence[tuple[str, str]], bootstrap: Bootstrap
) -> Rate:
    errors = [score.errors for score in scores]
    return Rate(
        pooled=sum(errors, start=ErrorCount()),
        count=len(scores),
        interval=rate_interval(errors, bootstrap, draws) if len(set(draws)) >= FEWEST else None,
        failures=FailureCounts.of(score.failures for score in scores),
    )
