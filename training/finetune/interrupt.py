"""How a stage obeys outside the steps of an optimiser: it looks between clips, and breaks off."""

from collections.abc import Callable
from dataclasses import replace

from training.finetune.context import Context, Outcome
from training.finetune.events import StageFinished, StagePaused
from training.finetune.run import Command, Run


class InterruptedStage(Exception):  # noqa: N818 - no error: somebody asked for it
    """Someone wants the stage to pause, or to stop."""

    def __init__(self, command: Command) -> None:
        super().__init__(command)
        self.command = command


def obey(context: Context) -> None:
    """Raises `InterruptedStage` where something else is wanted than to go on."""
    command = context.run.command()
    if command is not Command.GO_ON:
        raise InterruptedStage(command)


def in_main_process(run: Run, context: Context, work: Callable[[Run, Context], Outcome]) -> Outcome:
    """Does the work of a stage that one process does alone; others have nothing to do in it.

    What was done before an interruption is on the disk.
    """
    if not context.is_main:
        return Outcome.FINISHED
    # The others have gone on: nobody is there to agree with.
    return obedient(run, replace(context, processes=1), work)


def obedient(run: Run, context: Context, work: Callable[[Run, Context], Outcome]) -> Outcome:
    """Does the work of a stage, which may break off with `InterruptedStage` before its first step.

    A stage that is stopped there leaves nothing, and counts as done.
    """
    try:
        return work(run, context)
    except InterruptedStage as interrupted:
        if interrupted.command is Command.PAUSE:
            context.emit(StagePaused(context.stage, 0))
            return Outcome.PAUSED
        context.emit(StageFinished(context.stage, 0, early=True))
        return Outcome.STOPPED
