"""``wildscribe score``: word and character error rates of a predictions file."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli.console import Console, table
from training.score import NORMALIZERS, ScoreReport, read_records, score
from training.score.normalizers import CHARACTER_LANGUAGES
from training.score.report import Rate


def command(
    predictions: Annotated[
        Path, typer.Argument(metavar="PREDICTIONS.jsonl", help="Records in the benchmark's format.")
    ],
    normalizer: Annotated[
        Literal["bench", "whisper"],
        typer.Option(help="The benchmark's own rule, or Whisper's (numbers, contractions)."),
    ] = "bench",
    as_json: Annotated[bool, typer.Option("--json", help="The benchmark's result format.")] = False,
) -> None:
    """Score predictions against references.

    WER for English, CER for Chinese, in percent, pooled over all clips.
    """
    report = score(read_records(predictions), NORMALIZERS[normalizer])
    console = Console.standard()
    if as_json:
        console.json(report.to_json())
    else:
        console.result(describe(report))


def describe(report: ScoreReport) -> str:
    """A table for people: overall, by language, then condition by condition."""
    rows: list[tuple[str, ...]] = [
        ("", "", "rate", "sub", "del", "ins", "errors", "reference", "clips")
    ]
    rows.append(("overall", "", *_cells(report.overall)))
    for language, rate in report.by_language.items():
        metric = "CER" if language in CHARACTER_LANGUAGES else "WER"
        rows.append((language, metric, *_cells(rate)))
    for category, origins in report.breakdown.items():
        rows.extend((category, origin, *_cells(rate)) for origin, rate in origins.items())
    return table(rows, right=frozenset(range(2, 9)))


def _cells(rate: Rate) -> tuple[str, ...]:
    pooled = rate.pooled
    percent = "-" if pooled.rate is None else f"{pooled.rate:.2%}"
    counts = (pooled.substitutions, pooled.deletions, pooled.insertions, pooled.errors)
    return (percent, *map(str, counts), str(pooled.reference_length), str(rate.count))
