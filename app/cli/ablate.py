"""``wildscribe ablate``: what each term of the reward is good for, on one's own recordings."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import Console
from app.cli.train import pause_on_interrupt
from training.finetune import toml
from training.finetune.config import RunConfig
from training.finetune.events import Listener
from training.finetune.run import Run, RunState, Status, absolute


def command(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG.toml", help="A run whose last stage is rl.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="For the runs and the table.")
    ] = Path("ablation"),
) -> None:
    """Train with the full reward, with WER alone, and with each term off.

    Same adapter to begin with, same clips, same seed. Writes ablation.json and ablation.md; started
    again after a pause or a crash, it goes on where it was.
    """
    # Imported here: other commands start without what training needs.
    from app.cli.narrator import Narrator
    from training.finetune.runner import train
    from training.rl.ablation import ablate, markdown

    console = Console.standard()

    def work(run: Run, listener: Listener) -> RunState:
        console.note(f"\n{run.folder.name}")
        with pause_on_interrupt(console, run):
            state = train(run, listener)
        if state.status is Status.PAUSED:
            raise typer.Exit(130)
        return state

    wanted = absolute(toml.load(config, RunConfig), config.absolute().parent)
    rows = ablate(out, wanted, Narrator(console).tell, work)
    console.result(markdown(rows))
