"""What is written about the stage while it runs: steps, alarms, checkpoints, the best adapter."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import StorageError
from training.data import Example
from training.finetune.context import Context
from training.finetune.events import CheckpointSaved
from training.finetune.files import new_folder, write_json
from training.finetune.held_out import score_held_out
from training.finetune.lora import save_adapter
from training.finetune.rl_config import RlConfig
from training.finetune.run import STEP
from training.finetune.trainee import Trainee
from training.finetune.trainer import storage_errors
from training.rl.alarms import alarms
from training.rl.events import BestKept, CollapseAlarm, RlStepDone, RolloutHeard, StoppedEarly
from training.rl.memory import Memory, Point
from training.rl.rollouts import Group
from training.rl.tally import Tally

BEST = "best-"
_MEMORY = "rl_memory.json"


@dataclass(frozen=True, slots=True)
class StepFigures:
    """What the trainer says of a step; see `training.rl.events.RlStepDone`."""

    step: int
    steps: int
    loss: float
    rate: float
    gradient_norm: float
    tokens: int
    wall_s: float
    entropy: float
    clipped_low: float
    clipped_high: float


class Journal:
    """The stage's record on the disk. Best adapters are ``best-N`` beside the checkpoints.

    Args:
        context: of the stage.
        trainee: the model that is saved and heard with.
        config: of the stage.
        held_out: clips to measure on; without any, the last adapter counts as the best.
        checkpoint: the folder to go on from; None to begin.

    Attributes:
        memory: what the next checkpoint will hold.
        position: clips taken from the order so far.

    Raises:
        StorageError: the checkpoint cannot be read.
    """

    def __init__(
        self,
        context: Context,
        trainee: Trainee,
        config: RlConfig,
        held_out: Sequence[Example],
        checkpoint: Path | None = None,
    ) -> None:
        self._context = context
        self._trainee = trainee
        self._config = config
        self._held_out = held_out
        self._folder = context.run.checkpoints(context.stage)
        self.memory = _read(checkpoint) if checkpoint else Memory()
        self.position = self.memory.position
        self.ended_early = False

    @property
    def best(self) -> Path | None:
        """The adapter that heard the held-out clips best; None when none was measured."""
        known = self.memory.best_wer is not None
        return self._folder / f"{BEST}{self.memory.best_step}" if known else None

    def stepped(self, figures: StepFigures, tally: Tally, groups: Sequence[Group]) -> None:
        """Records a step with two of its rollouts, and rings where an alarm begins to hold."""
        self._context.emit(
            RlStepDone(
                stage=self._context.stage,
                step=figures.step,
                steps=figures.steps,
                loss=figures.loss,
                rate=figures.rate,
                gradient_norm=figures.gradient_norm,
                audio_s=sum(group.clip.duration_s for group in groups),
                target_tokens=figures.tokens,
                wall_s=figures.wall_s,
                entropy=figures.entropy,
                clipped_low=figures.clipped_low,
                clipped_high=figures.clipped_high,
                **tally.figures(),
            )
        )
        self._show(figures.step, groups[0])
        point = Point(tally.reward, tally.repetition_share, tally.length_ratio)
        self.memory = self.memory.stepped(point, self._config.alarms.window_steps)
        self._ring(figures.step)

    def measured(self, step: int) -> bool:
        """Hears the held-out clips, keeps the adapter if none was better, and says whether
        patience is at its end."""
        wer = score_held_out(self._context, self._trainee, self._held_out, step)
        if wer is None:
            return False
        self.memory = self.memory.measured(step, wer)
        if self.memory.best_step == step:
            with storage_errors(self._folder), new_folder(self._folder / f"{BEST}{step}") as folder:
                save_adapter(self._trainee.model, folder)
            self._context.emit(BestKept(self._context.stage, step, wer))
        self._ring(step)
        patience = self._config.patience
        self.ended_early = 0 < patience <= self.memory.unimproved
        if self.ended_early:
            assert self.memory.best_wer is not None
            best = (self.memory.best_step, self.memory.best_wer)
            self._context.emit(StoppedEarly(self._context.stage, step, *best))
        return self.ended_early

    @contextmanager
    def checkpoint(self, step: int) -> Iterator[Path]:
        """A folder for what the trainer adds; it gets its name when all is in it."""
        self.memory = replace(self.memory, position=self.position)
        with (
            storage_errors(self._folder),
            new_folder(self._folder / f"{STEP}{step}") as folder,
        ):
            save_adapter(self._trainee.model, folder)
            write_json(folder / _MEMORY, self.memory.to_row())
            yield folder
        self._context.run.prune(self._context.stage)
        self._drop_beaten()
        self._context.emit(CheckpointSaved(self._context.stage, step))

    def keep(self, target: Path) -> None:
        """Makes the best adapter the result of the stage; the last one where none was measured."""
        with storage_errors(self._folder), new_folder(target) as folder:
            if self.best is None:
                save_adapter(self._trainee.model, folder)
            else:
                shutil.copytree(self.best, folder, dirs_exist_ok=True)

    def _show(self, step: int, group: Group) -> None:
        pairs = list(zip(group.rollouts, group.verdicts, strict=True))
        for find in (max, min):
            rollout, verdict = find(pairs, key=lambda pair: pair[1].total)
            self._context.emit(
                RolloutHeard(
                    stage=self._context.stage,
                    step=step,
                    clip=group.clip.id,
                    reference=group.clip.text,
                    hypothesis=rollout.text,
                    wer=verdict.reward.wer,
                    reward=verdict.total,
                )
            )

    def _ring(self, step: int) -> None:
        holding = alarms(self.memory, self._config.alarms)
        for alarm, (value, limit) in holding.items():
            if alarm not in self.memory.alarms:
                self._context.emit(
                    CollapseAlarm(self._context.stage, step, str(alarm), value, limit)
                )
        self.memory = replace(self.memory, alarms=tuple(map(str, holding)))

    def _drop_beaten(self) -> None:
        """Removes best adapters that no checkpoint, and nothing here, speaks of any more."""
        needed = {self.memory.best_step}
        needed |= {_read(path).best_step for path in self._folder.glob(f"{STEP}*")}
        for path in self._folder.glob(f"{BEST}*"):
            if int(path.name.removeprefix(BEST)) not in needed:
                shutil.rmtree(path, ignore_errors=True)


def _read(checkpoint: Path) -> Memory:
    path = checkpoint / _MEMORY
    try:
        return Memory.from_row(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{path} cannot be read: {error}.",
            "Nothing was changed.",
            "Delete that checkpoint; the run then goes on from the one before.",
        ) from error
