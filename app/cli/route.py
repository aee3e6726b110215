"""``wildscribe route``: what the router thinks of a recording, without transcribing it."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.chosen import choose_for
from app.cli.console import Console, table
from app.cli.transcribe import Model, Threshold
from engine.export import render
from engine.options import TranscribeOptions
from engine.transcript import Transcript


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An audio or video file.")],
    model: Model = "mini",
    adapter: Annotated[
        str | None,
        typer.Option(help="Judge with the router of an adapter, where it has one: NAME[@VERSION]."),
    ] = None,
    threshold: Threshold = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="As a transcript in JSON, without text.")
    ] = False,
) -> None:
    """Show the route of every segment, and why."""
    console = Console.standard()
    chosen = None if adapter is None else choose_for(adapter, model)
    if threshold is None and chosen is not None:
        threshold = chosen.threshold
    options = TranscribeOptions(threshold=threshold)
    from engine.judge import Judge

    judge = Judge.open(model, adapter=chosen.folder if chosen else None)
    with console.progress(file.name) as bar:
        routed = judge.route(file, options, on_progress=bar.update)
    for warning in routed.warnings:
        console.note(f"{file.name}: warning: {warning}")
    console.result(render(routed, "json") if as_json else describe(routed))


def describe(routed: Transcript) -> str:
    """A table for people: times, probability of "degraded", route and who decided it."""
    rows = [("start", "end", "degraded", "route", "decided by")]
    for segment in routed.segments:
        probability = segment.degraded_probability
        rows.append(
            (
                f"{segment.start_s:.2f} s",
                f"{segment.end_s:.2f} s",
                "?" if probability is None else f"{probability:.1%}",
                segment.route.value,
                segment.decided_by.value,
            )
        )
    if len(rows) == 1:
        return "No speech was found."
    share = f"{routed.robust_share:.0%} of the speech goes to the robust route"
    return f"{table(rows, right=frozenset({0, 1, 2}))}\n{share} (threshold {routed.threshold:g})."
