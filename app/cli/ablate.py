"""``wildscribe ablate``: what each term of the reward is good for, on one's own recordings."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import Console


def command(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG.toml", help="A run whose last stage is rl.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the runs and the table.")
    ] = Path("ablation"),
) -> None:
    """Train with the full reward, with WER alone, and with each term off.

    Same adapter to begin with, same clips, same seed. Started again after an interruption, it goes
    on where it was. Writes ablation.json and ablation.md.
    """
    # Imported here: other commands start without what training needs.
    from training.finetune import toml
    from training.finetune.config import RunConfig
    from training.finetune.events import Event, StageFinished, StageStarted
    from training.rl.ablation import ablate, markdown

    console = Console.standard()

    def tell(event: Event) -> None:
        if isinstance(event, StageStarted):
            console.note(f"{event.stage}: from step {event.step} to {event.steps}")
        if isinstance(event, StageFinished):
            console.note(f"{event.stage}: finished at step {event.step}")

    rows = ablate(out, toml.load(config, RunConfig), tell)
    console.result(markdown(rows))
