"""``wildscribe transcribe``: recordings in, transcripts out."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, Protocol

import typer

from app.cli.chosen import choose_for
from app.cli.console import Console, ProgressBar, clock_time
from app.cli.destination import Destination, expanded, make_folders, plan
from app.cli.interrupt import cancel_on_interrupt
from engine.errors import CancelledError, StorageError, WildscribeError
from engine.export import FORMATS, render, write
from engine.languages import resolve
from engine.options import Progress, TranscribeOptions
from engine.transcript import Route, Segment, Transcript

Model = Annotated[
    str, typer.Option(help="A model's name (see: wildscribe models list) or its folder.")
]
Threshold = Annotated[
    float | None,
    typer.Option(
        help="Probability of 'degraded' from which the robust route is taken, 0 to 1; by default "
        "what the router was made with, or 0.5."
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
Dtype = Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")]


class Hears(Protocol):
    """The part of `engine.Transcriber` that this command needs."""

    @property
    def model(self) -> str:
        """Name of the model."""

    def transcribe(
        self,
        path: str | Path,
        options: TranscribeOptions | None = None,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        on_segment: Callable[[int, Segment], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Transcript:
        """See `engine.Transcriber.transcribe`."""


def command(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Audio or video files.")],
    model: Model = "mini",
    route: Annotated[
        Literal["auto", "base", "robust"],
        typer.Option(help="Let the router decide, or take one route for all."),
    ] = "auto",
    adapter: Annotated[
        str | None,
        typer.Option(help="On the robust route, in place of the model's own: NAME[@VERSION]."),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(help="As for `route`; by default what the router was made with, or 0.5."),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Force a language: a code or an English name.")
    ] = None,
    context: Annotated[
        str, typer.Option(help="Names and words to expect, or a sentence about the topic.")
    ] = "",
    format_name: Annotated[
        str | None,
        typer.Option("--format", help=f"{', '.join(FORMATS)}; by default as --output ends."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="A file; a folder for several files; - for stdout."),
    ] = None,
    device: Device = "auto",
    dtype: Dtype = "auto",
) -> None:
    """Transcribe recordings. Text goes to standard output unless --output is given.

    A recording that cannot be read does not stop the others. Ctrl-C ends the work cleanly and
    keeps every finished segment.
    """
    console = Console.standard()
    chosen = None if adapter is None else choose_for(adapter, model)
    if threshold is None and chosen is not None:
        threshold = chosen.threshold
    options = TranscribeOptions(
        threshold=threshold,
        route=None if route == "auto" else Route(route),
        language=resolve(language),
        context=context,
    )
    files = expanded(files)
    destinations = plan(files, output, format_name)
    make_folders(destinations)
    from engine import Transcriber

    transcriber = Transcriber.open(
        model, adapter=chosen.folder if chosen else None, device=device, dtype=dtype
    )
    if options.threshold is None:
        options = replace(options, threshold=transcriber.threshold)
    with cancel_on_interrupt(console) as cancel:
        code = transcribe_files(
            transcriber, list(zip(files, destinations, strict=True)), options, console, cancel
        )
    raise typer.Exit(code)


def transcribe_files(
    transcriber: Hears,
    jobs: Sequence[tuple[Path, Destination]],
    options: TranscribeOptions,
    console: Console,
    cancel: threading.Event,
) -> int:
    """Transcribes file after file.

    Returns:
        0, or the exit code of the first file that failed, or that of a cancellation.
    """
    first_failure = 0
    for file, destination in jobs:
        if len(jobs) > 1 and destination.path is None:
            console.result(f"==> {file} <==")
        try:
            _transcribe_one(transcriber, file, destination, options, console, cancel)
        except WildscribeError as error:
            console.error(error, about=str(file))
            first_failure = first_failure or error.exit_code
        if cancel.is_set():
            return CancelledError.exit_code
    return first_failure


def _transcribe_one(
    transcriber: Hears,
    file: Path,
    destination: Destination,
    options: TranscribeOptions,
    console: Console,
    cancel: threading.Event,
) -> None:
    """Hears one file. If the engine fails half-way, what it delivered is kept all the same."""
    finished: dict[int, Segment] = {}
    with console.progress(file.name) as bar:
        try:
            transcript = transcriber.transcribe(
                file,
                options,
                on_progress=bar.update,
                on_segment=finished.__setitem__,
                cancel=cancel,
            )
        except WildscribeError:
            if finished:
                rescued = Transcript(
                    source=str(file),
                    duration_s=bar.done_s,
                    segments=tuple(finished[index] for index in sorted(finished)),
                    model=transcriber.model,
                    threshold=options.policy.threshold,
                    complete=False,
                )
                bar.clear()
                _deliver(rescued, destination, console)
                console.note(_summary(rescued, bar))
            raise
    for warning in transcript.warnings:
        console.note(f"{file.name}: warning: {warning}")
    _deliver(transcript, destination, console)
    console.note(_summary(transcript, bar))


def _deliver(transcript: Transcript, destination: Destination, console: Console) -> None:
    if destination.path is None:
        console.result(render(transcript, destination.format))
        return
    try:
        write(transcript, destination.path, destination.format)
    except StorageError:
        console.result(render(transcript, "txt"))
        console.note("The transcript could not be written; its text is on standard output.")
        raise


def _summary(transcript: Transcript, bar: ProgressBar) -> str:
    count = len(transcript.segments)
    robust = sum(segment.route is Route.ROBUST for segment in transcript.segments)
    heard = f"{count} segment{'' if count == 1 else 's'}, {robust} robust"
    state = "" if transcript.complete else "stopped early; "
    return (
        f"{Path(transcript.source).name}: {state}{clock_time(transcript.duration_s)} of audio, "
        f"{heard if count else 'no speech found'}, "
        f"{bar.times_real_time:.1f}x real time"
    )
