"""``wildscribe simulate``: clean speech in, sets of recordings that went wrong out."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.cli.console import Console, table
from app.cli.interrupt import cancel_on_interrupt
from app.paths import cache
from engine.errors import UsageError

if TYPE_CHECKING:
    from training.simulate import Mix
    from training.simulate.finish import Measure, Report

MOST_SHOWN = 10
"""Problems shown in the terminal; all are in problems.jsonl."""

RECORDS = ("simulation", "bench", "sft")


def command(
    clean: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER|MANIFEST",
            help="Clean speech: audio with its words in .txt files beside it, or a .jsonl.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the set; a stopped one goes on.")] = (
        None
    ),
    count: Annotated[int, typer.Option(help="Clips to make.")] = 1000,
    noise: Annotated[
        Path | None,
        typer.Option(help="Folder with noises of your own, in place of the built-in ones."),
    ] = None,
    scenarios: Annotated[
        str, typer.Option(help="all, or names with commas: noise,far_field+dropout.")
    ] = "all",
    severity: Annotated[
        Literal["linear", "sqrt_fwd", "sqrt_bwd", "gaussian_mid"],
        typer.Option(help="How hard: evenly, rather hard, rather easy, mostly middling."),
    ] = "linear",
    mix: Annotated[
        str, typer.Option(help="Shares of single, common double and other scenarios.")
    ] = "60/24/16",
    clean_share: Annotated[float, typer.Option(help="Share of clips left clean, 0 to 1.")] = 0.0,
    speed: Annotated[
        str, typer.Option(help="Factor, or range such as 0.75-1.5; the pitch stays.")
    ] = "1",
    seed: Annotated[int, typer.Option(help="The same seed gives the same set.")] = 0,
    format_name: Annotated[
        Literal["wav", "flac", "parquet"],
        typer.Option("--format", help="Files, or tables with FLAC in them for large sets."),
    ] = "flac",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default one for each core.")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask cluster: tcp://host:8786.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of clips that do not say theirs.")] = "en",
    measure: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Note how well this model hears each clip.")
    ] = None,
    drop_above: Annotated[
        float | None, typer.Option(help="Leave out clips with a higher error rate (0.7 is 70 %).")
    ] = None,
    records: Annotated[
        str, typer.Option(help="Write these as well, with commas: sft,bench,simulation.")
    ] = "",
    show_list: Annotated[bool, typer.Option("--list", help="Show the 54 scenarios.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Make recordings that went wrong from clean speech, each described by its manifest line.

    Stopped by Ctrl-C or by force, the same command goes on where it was. The result does not
    depend on the number of workers.
    """
    console = Console.standard()
    if show_list:
        _list(console, as_json)
        return
    if clean is None or out is None:
        raise UsageError(
            "Where the clean speech is and where the set goes must be said.",
            "Nothing was made.",
            "Give --clean and --out; the scenarios are shown by --list.",
        )
    wanted = _records(records)
    chosen = _mix(scenarios, severity, mix, clean_share, _numbers("--speed", speed, "-", (1, 2)))
    if drop_above is not None and measure is None:
        raise UsageError(
            "Without a model nobody knows which clips to drop.",
            "Nothing was made.",
            "Add --measure.",
        )
    from training.simulate.run import prepare, simulate

    settings, sources = prepare(
        clean, cache() / "rooms", count=count, seed=seed, mix=chosen, format=format_name,
        noise=noise, language=language,
    )  # fmt: skip
    with cancel_on_interrupt(console) as cancel, console.progress(out.name) as bar:
        report = simulate(
            out,
            settings,
            sources,
            workers=workers or os.cpu_count() or 1,
            dask=dask,
            measure=_measure(measure, drop_above),
            records=wanted,
            on_progress=bar.update_count,
            cancel=cancel,
        )
    _show(report, console, as_json)


def _list(console: Console, as_json: bool) -> None:
    from training.simulate import SCENARIOS, caption

    if as_json:
        rows = [
            {
                "name": one.name,
                "reference_name": one.reference_name,
                "parts": list(one.parts),
                "caption": {language: caption(one, language) for language in ("en", "zh")},
            }
            for one in SCENARIOS
        ]
        console.json(rows)
        return
    console.result(table([(one.name, caption(one)) for one in SCENARIOS]))


def _mix(
    scenarios: str, sampling: str, shares: str, clean_share: float, speed: tuple[float, ...]
) -> "Mix":
    from training.simulate import SCENARIOS, Mix, scenario

    names = [name for name in scenarios.split(",") if name.strip()]
    chosen = SCENARIOS if scenarios.strip() == "all" else tuple(map(scenario, names))
    single, double, other = _numbers("--mix", shares, "/", (3,))
    return Mix(
        scenarios=chosen,
        clean_share=clean_share,
        sampling=sampling,
        speed=(speed[0], speed[-1]),
        shares=(single, double, other),
    )


def _numbers(option: str, text: str, mark: str, counts: tuple[int, ...]) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(mark))
    except ValueError:
        numbers = ()
    if len(numbers) not in counts:
        raise UsageError(
            f"{option} can't be '{text}'.",
            "Nothing was made.",
            "Give it like the default, which wildscribe simulate --help shows.",
        )
    return numbers


def _records(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in RECORDS]
    if unknown:
        raise UsageError(
            f"There are no records '{unknown[0]}'.",
            "Nothing was made.",
            f"Use some of: {', '.join(RECORDS)}.",
        )
    return names


def _measure(model: str | None, drop_above: float | None) -> "Measure | None":
    if model is None:
        return None
    from training.simulate.finish import Measure
    from training.simulate.learnability import hearing

    return Measure(model, hearing(model), drop_above)


def _show(report: "Report", console: Console, as_json: bool) -> None:
    for problem in report.problems[:MOST_SHOWN]:
        console.note(f"left out: {problem}")
    if len(report.problems) > MOST_SHOWN:
        console.note(f"and {len(report.problems) - MOST_SHOWN} more in problems.jsonl")
    if as_json:
        console.json(
            {
                "manifest": str(report.manifest),
                "clips": report.clips,
                "dropped": report.dropped,
                "problems": [
                    {"where": problem.where, "what": problem.what} for problem in report.problems
                ],
            }
        )
        return
    dropped = f", {report.dropped} dropped" if report.dropped else ""
    console.note(f"{report.clips} clips{dropped}")
    console.result(str(report.manifest))
