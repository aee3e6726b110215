"""What a run's stages listen with: its model, and ears that obey. What was heard is in report/."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.checkpoint.fingerprint import base_sha256
from engine.errors import CancelledError, UsageError
from engine.models import located
from training.evaluate.listen import Listener
from training.finetune.context import Context
from training.finetune.events import ClipsHeard
from training.finetune.interrupt import InterruptedStage
from training.finetune.run import Command, Run

_TOLD_EVERY = 50


def adapter_for(run: Run, stage: str) -> Path:
    """The adapter that a stage looks at: what came of the stages before it.

    Raises:
        UsageError: there is none.
    """
    adapter = run.starting_adapter(stage)
    if adapter is None:
        raise UsageError(
            f"The stage {stage} has no adapter to look at.",
            "Nothing was started.",
            "Put it behind a stage that trains one, or name one under [adapter] start_from.",
        )
    return adapter


@contextmanager
def ears(run: Run, context: Context) -> Iterator[Listener]:
    """A listener on the run's model that tells how far it is.

    Raises:
        InterruptedStage: someone wants something else; what was heard is stored.
        ModelError: the base model is not here any more.
    """
    wanted = run.config.model
    model = located(wanted.path)
    cancel = threading.Event()

    def heard(done: int, total: int) -> None:
        if done % _TOLD_EVERY == 0 or done == total:
            context.emit(ClipsHeard(context.stage, done, total))
        if run.command() is not Command.GO_ON:
            cancel.set()

    try:
        yield Listener(model, base_sha256(model), wanted.device, wanted.precision, cancel, heard)
    except CancelledError as error:
        raise InterruptedStage(run.command()) from error
