"""``wildscribe score``: error rates of a predictions file, how sure they are, and what failed."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli.console import Console, table
from training.score import NORMALIZERS, Bootstrap, Failure, Rate, ScoreReport, read_records, score
from training.score.normalizers import CHARACTER_LANGUAGES


def command(
    predictions: Annotated[
        Path, typer.Argument(metavar="PREDICTIONS.jsonl", help="Records in the benchmark's format.")
    ],
    normalizer: Annotated[
        Literal["bench", "whisper", "lenient"],
        typer.Option(
            help="The benchmark's own rule; Whisper's (numbers, contractions, British spellings); "
            "or lenient: that, and Chinese numbers, widths and traditional characters."
        ),
    ] = "bench",
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help='The result of the benchmark\'s own scorer, and ours beside it as "wildscribe".',
        ),
    ] = False,
) -> None:
    """Score predictions against references.

    WER for English, CER for Chinese, in percent, pooled over all clips; with the interval in which
    the rate lies with 95 % confidence (bootstrap over clips), and the share of clips that failed.
    """
    report = score(read_records(predictions), NORMALIZERS[normalizer], Bootstrap())
    console = Console.standard()
    if as_json:
        console.json(report.to_json())
    else:
        console.result(describe(report))


def describe(report: ScoreReport) -> str:
    """Two tables for people, errors and failed clips: overall, by language, by condition."""
    rows = [("overall", "", report.overall)]
    for language, rate in report.by_language.items():
        rows.append((language, "CER" if language in CHARACTER_LANGUAGES else "WER", rate))
    for category, origins in report.breakdown.items():
        rows.extend((category, origin, rate) for origin, rate in origins.items())
    errors = ("rate", "95% interval", "sub", "del", "ins", "errors", "reference", "clips")
    failures = (*(kind.value for kind in Failure), "any", "clips")
    return "\n\n".join(
        (
            _table(errors, [(*name, *_error_cells(rate)) for *name, rate in rows]),
            "Clips that failed altogether; one clip may fail in several ways.",
            _table(failures, [(*name, *_failure_cells(rate)) for *name, rate in rows]),
        )
    )


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return table([("", "", *heads), *rows], right=frozenset(range(2, 2 + len(heads))))


def _error_cells(rate: Rate) -> tuple[str, ...]:
    pooled = rate.pooled
    percent = "-" if pooled.rate is None else f"{pooled.rate:.2%}"
    sure = rate.interval
    interval = f"{sure.low:.2%} to {sure.high:.2%}" if sure else "-"
    counts = (pooled.substitutions, pooled.deletions, pooled.insertions, pooled.errors)
    return (percent, interval, *map(str, counts), str(pooled.reference_length), str(rate.count))


def _failure_cells(rate: Rate) -> tuple[str, ...]:
    found = rate.failures
    failed_any = found.any / found.clips if found.clips else 0.0
    shares = [*(found.rate(kind) for kind in Failure), failed_any]
    return (*(f"{share:.1%}" for share in shares), str(found.clips))
