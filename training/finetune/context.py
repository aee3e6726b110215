"""What a stage gets besides its run: this process, its share of the work, and who listens."""

import os
from dataclasses import dataclass, field
from enum import StrEnum

from training.finetune.errors import storage_error
from training.finetune.events import Event, Listener
from training.finetune.run import Command, Run


class Outcome(StrEnum):
    """How a stage came back."""

    FINISHED = "finished"
    PAUSED = "paused"
    STOPPED = "stopped"
    """Ended early, as asked; what it had learnt is its result."""


def unheard(_: Event) -> None:
    """Listens to nothing: everything is in the run's files as well."""


@dataclass(frozen=True, slots=True)
class Context:
    """This process's view of a stage.

    Attributes:
        run: the run.
        stage: name of the stage.
        listener: told of every event, after it is on the disk.
        rank: number of this process under torchrun; 0 alone writes.
        processes: how many there are.
    """

    run: Run
    stage: str
    listener: Listener = unheard
    rank: int = field(default_factory=lambda: int(os.environ.get("RANK", "0")))
    processes: int = field(default_factory=lambda: int(os.environ.get("WORLD_SIZE", "1")))

    @property
    def is_main(self) -> bool:
        """Whether this process writes and speaks for all."""
        return self.rank == 0

    def emit(self, event: Event) -> None:
        """Records an event and tells the listener; only in the main process.

        Raises:
            StorageError: it could not be written; a `DiskFullError` when the disk is full.
        """
        if not self.is_main:
            return
        try:
            self.run.record(event)
        except OSError as error:
            raise storage_error(error) from error
        self.listener(event)

    def command(self) -> Command:
        """What is wanted now. All processes must ask at the same point: they get one answer."""
        if self.processes == 1:
            return self.run.command()
        from torch import distributed

        wish = [self.run.command() if self.is_main else None]
        distributed.broadcast_object_list(wish, src=0)
        assert wish[0] is not None
        return wish[0]
