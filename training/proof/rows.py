"""The trainings: a run of `training.finetune` for each row and seed."""

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import UsageError
from training.finetune import toml
from training.finetune.config import RunConfig
from training.finetune.errors import RunError
from training.finetune.events import (
    Event,
    HeldOutScored,
    Listener,
    RunFailed,
    StageFinished,
    StepDone,
)
from training.finetune.run import Run, Status
from training.finetune.runner import train
from training.mini.parallel import keep_freed_memory
from training.proof.lanes import aloud
from training.proof.material import RL, SFT
from training.proof.plan import Plan, Row

SPEAK_EVERY_S = 60.0


def name_of(row: Row, seed: int) -> str:
    """``a2s-1``: of a run, a job, a store."""
    return f"{row}-{seed}"


def run_folder(work: Path, row: Row, seed: int) -> Path:
    """Where the run of a row is."""
    return work / "runs" / name_of(row, seed)


def adapter_folder(work: Path, row: Row, seed: int) -> Path:
    """What came of the last stage of a row's run."""
    run = Run(run_folder(work, row, seed))
    return run.adapter(run.config.stages[-1])


def train_row(work: Path, plan: Plan, row: Row, seed: int) -> None:
    """Trains a row from wherever its run is.

    Raises:
        UsageError: the folder holds a run with other settings.
        RunError: the run was paused or stopped.
        WildscribeError: what went wrong in it.
    """
    start = row.starts_from
    begun_with = str(adapter_folder(work, start, seed)) if start else ""
    data = work / (RL if start else SFT)
    train_run(run_folder(work, row, seed), plan.settings(row, seed, str(data), begun_with))


def train_run(folder: Path, config: RunConfig) -> None:
    """Makes a run, or goes on with it, to its end. Raises as `train_row`."""
    if multiprocessing.parent_process() is not None:  # this process does nothing else
        keep_freed_memory()
    run = _begun(folder, config)
    if run.state().status is Status.FINISHED:
        return
    state = train(run, _narrated(folder.name, aloud))
    if state.status is not Status.FINISHED:
        raise RunError(
            f"{run.folder} is not finished, it is {state.status}.",
            "What it had learnt is kept.",
            "Give the same command again: it goes on there.",
        )


def training_s(run: Run) -> float:
    """Time that the steps of a run took, s; starting, measuring and what was done twice aside."""
    return sum(event.wall_s for event in run.events() if isinstance(event, StepDone))


def _begun(folder: Path, config: RunConfig) -> Run:
    if not (folder / "config.toml").exists():
        return Run.create(folder, config)
    run = Run(folder)
    if toml.dump(run.config) != toml.dump(config):
        raise UsageError(
            f"{folder} is a run with other settings.",
            "It was left alone.",
            "Delete the folder, or name another one with --work.",
        )
    return run


def _narrated(name: str, tell: Callable[[str], None]) -> Listener:
    """A line a minute, and one for whatever else matters."""
    spoke_s = 0.0

    def listen(event: Event) -> None:
        nonlocal spoke_s
        match event:
            case StepDone() if time.monotonic() - spoke_s > SPEAK_EVERY_S:
                spoke_s = time.monotonic()
                tell(f"{name}: {event.stage} step {event.step} of {event.steps}, {event.loss:.3f}")
            case HeldOutScored():
                tell(f"{name}: {event.stage} held-out WER {event.wer:.1%} at step {event.step}")
            case StageFinished():
                tell(f"{name}: {event.stage} finished at step {event.step}")
            case RunFailed():
                tell(f"{name}: {event.what} {event.remedy}")

    return listen
