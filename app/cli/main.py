"""All commands together, and what becomes of an error."""

import io
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from app.cli import (
    ablate,
    adapters,
    doctor,
    evaluate,
    models,
    route,
    score,
    simulate,
    train,
    transcribe,
)
from app.cli.console import Console
from engine.errors import WildscribeError

EXIT_CODES = """\b
Exit codes:
  0    all went well
  1    something that Wildscribe needs is not installed (see: wildscribe doctor)
  2    an option, or a file of predictions, makes no sense
  3    a recording could not be read (the others were transcribed)
  4    the model cannot be used
  5    the device or the engine failed
  6    a result could not be written
  7    a set of clips could not be made
  8    a training broke off; its last checkpoint is kept
  130  stopped with Ctrl-C; what was finished is kept
"""

app = typer.Typer(
    help="Transcribe the recordings that other transcribers lose, on this computer. "
    "Without arguments, the window opens.",
    epilog=EXIT_CODES,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("transcribe")(transcribe.command)
app.command("route")(route.command)
app.add_typer(models.app, name="models")
app.add_typer(adapters.app, name="adapters")
app.command("train")(train.command)
app.command("ablate")(ablate.command)
app.command("evaluate")(evaluate.command)
app.command("score")(score.command)
app.command("simulate")(simulate.command)
app.command("doctor")(doctor.command)


def _show_version(wanted: bool) -> None:
    if wanted:
        Console.standard().result(f"wildscribe {version('wildscribe')}")
        raise typer.Exit


@app.callback()
def _options(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options that belong to no command."""


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A transcript may be in any script, whatever the terminal's code page.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app(args=list(arguments), prog_name="wildscribe")
    except WildscribeError as error:
        Console.standard().error(error)
        return error.exit_code
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    return 0
