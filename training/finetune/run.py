"""A run is a folder, and everything about it can be read from there at any moment.

::

    config.toml     what it is asked to do
    state.json      how far it is
    control.json    what someone wants of it: to pause, or to stop and keep what it learnt
    data.jsonl      the clips, checked and split once and for all
    problems.jsonl  what was left out, and why
    wer.jsonl       what the base model heard in the clips
    metrics.jsonl   events, see `training.finetune.events`
    samples.jsonl   held-out clips as they were transcribed on the way
    copies/         degraded copies of clips, for the router and the evaluation, with copies.jsonl
    checkpoints/    STAGE/step-N/ to go on from, and STAGE/adapter/, what came of a stage
    report/         what a person reads
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from training.finetune import toml
from training.finetune.config import RunConfig
from training.finetune.errors import RunError
from training.finetune.events import Event, SampleHeard, StageStarted, from_line, to_line
from training.finetune.files import write_json, write_text

STEP = "step-"


class Status(StrEnum):
    """How a run is."""

    NEW = "new"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FAILED = "failed"
    FINISHED = "finished"


class Command(StrEnum):
    """What someone wants of a run, looked at after every step."""

    GO_ON = "go_on"
    PAUSE = "pause"
    STOP = "stop"
    """End the stage here, and keep what it learnt as if it were finished."""


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a run is.

    Attributes:
        status: as of the last change; "running" also after a crash.
        stage: the stage that is, or was last, worked on; "" before the first.
        finished: stages that are done, in the order of the run.
        halvings: how often the clips in memory at once were halved.
        data_sha256: of data.jsonl, hexadecimal; "" before it is made.
        base_sha256: of the base model, see `engine.checkpoint.fingerprint`; "" before that.
    """

    status: Status = Status.NEW
    stage: str = ""
    finished: tuple[str, ...] = ()
    halvings: int = 0
    data_sha256: str = ""
    base_sha256: str = ""


class Run:
    """The folder of a run. Making one of these reads the configuration and writes nothing.

    Args:
        folder: holds config.toml.

    Raises:
        UsageError: there is no configuration, or one that makes no sense.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.config = absolute(toml.load(self.folder / "config.toml", RunConfig), self.folder)

    @classmethod
    def create(cls, folder: Path, config: RunConfig) -> "Run":
        """A new run, not yet started.

        Raises:
            RunError: there is a run already.
        """
        if (folder / "config.toml").exists():
            raise RunError(
                f"{folder} is a run already.", "It was left alone.", "Choose another folder."
            )
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "config.toml", toml.dump(config))
        return cls(folder)

    @classmethod
    def at(cls, path: Path) -> "Run":
        """The run that a path means: its folder, its config.toml, or another configuration.

        ``rooms.toml`` is made into a run of its own in ``rooms/`` beside it, the first time; until
        that run has begun, it follows ``rooms.toml``.

        Raises:
            UsageError: there is no configuration, or one that makes no sense.
            RunError: ``rooms/`` was made of an earlier ``rooms.toml``, since changed.
        """
        if path.is_dir():
            return cls(path)
        if path.name == "config.toml":
            return cls(path.parent)
        folder = path.with_suffix("").absolute()
        config = absolute(toml.load(path, RunConfig), folder.parent)
        if not (folder / "config.toml").exists():
            return cls.create(folder, config)
        run = cls(folder)
        if run.config != config and not run.data_file.exists():
            write_text(folder / "config.toml", toml.dump(config))
            return cls(folder)
        if run.config != config:
            raise RunError(
                f"{folder} was begun with other settings than {path.name} has now.",
                "The run was left alone.",
                f"Give {path.name} another name for a new run, or train {folder} as it is.",
            )
        return run

    @property
    def data_file(self) -> Path:
        """The clips of the run; absent until they are checked."""
        return self.folder / "data.jsonl"

    @property
    def problems_file(self) -> Path:
        """What of the data was left out, and why, one a line; absent until it is checked."""
        return self.folder / "problems.jsonl"

    def wer_file(self, rank: int) -> Path:
        """What the base model heard, clip by clip, as far as a process measured it."""
        return self.folder / (f"wer-{rank}.jsonl" if rank else "wer.jsonl")

    def wer_files(self) -> list[Path]:
        """Those of all processes."""
        return sorted(self.folder.glob("wer*.jsonl"))

    @property
    def metrics_file(self) -> Path:
        """Events, one a line."""
        return self.folder / "metrics.jsonl"

    @property
    def samples_file(self) -> Path:
        """Held-out clips as they were heard, one a line."""
        return self.folder / "samples.jsonl"

    @property
    def copies(self) -> Path:
        """Folder for degraded copies of clips; may not exist yet."""
        return self.folder / "copies"

    @property
    def copies_file(self) -> Path:
        """The copies that are made, one a line."""
        return self.copies / "copies.jsonl"

    @property
    def report(self) -> Path:
        """Folder for what a person reads; may not exist yet."""
        return self.folder / "report"

    @property
    def clips_at_once(self) -> int:
        """Clips in memory at once in one process, after what memory has taught."""
        return max(1, self.config.batch.clips_at_once >> self.state().halvings)

    def at_once(self, stage: str) -> int:
        """What memory holds at once in a stage: clips, or the rollouts that are learnt from."""
        if stage == "router":  # its own steps cannot be parted
            return 1
        if stage != "rl":
            return self.clips_at_once
        most = max(self.config.batch.clips_at_once, self.config.rl.rollouts)
        return max(1, most >> self.state().halvings)

    def checkpoints(self, stage: str) -> Path:
        """Where a stage keeps its own; may not exist yet."""
        return self.folder / "checkpoints" / stage

    def adapter(self, stage: str) -> Path:
        """Where the adapter that came of a stage is; absent until the stage is finished."""
        return self.checkpoints(stage) / "adapter"

    def last_checkpoint(self, stage: str) -> Path | None:
        """The newest complete checkpoint of a stage."""
        return next(iter(self._steps(stage)), None)

    def prune(self, stage: str) -> None:
        """Removes all but the newest checkpoints of a stage."""
        for old in self._steps(stage)[self.config.checkpoints.kept :]:
            shutil.rmtree(old, ignore_errors=True)

    def starting_adapter(self, stage: str) -> Path | None:
        """The adapter that a stage begins with: what came of the stages before it, or what the
        run starts from; None for a fresh one."""
        before = self.config.stages[: self.config.stages.index(stage)]
        for earlier in reversed(before):
            if self.adapter(earlier).is_dir():
                return self.adapter(earlier)
        given = self.config.adapter.start_from
        return Path(given) if given else None

    def state(self) -> RunState:
        """How far it is, from the disk.

        Raises:
            RunError: the file is damaged.
        """
        path = self.folder / "state.json"
        if not path.exists():
            return RunState()
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
            row |= {"status": Status(row["status"]), "finished": tuple(row["finished"])}
            return RunState(**row)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(
                f"{path} is damaged: {error}.",
                "Checkpoints and metrics were not touched.",
                "Delete it and resume: finished stages are then gone through again.",
            ) from error

    def save_state(self, state: RunState) -> None:
        """Replaces the state in one step. Raises OSError."""
        write_json(self.folder / "state.json", asdict(state))

    def forget(self, stage: str) -> None:
        """Removes what came of a stage, so that it begins anew."""
        state = self.state()
        self.save_state(
            replace(state, finished=tuple(name for name in state.finished if name != stage))
        )
        # In one step: of a folder half removed, what is left could be taken for a checkpoint.
        gone = self.checkpoints(stage).with_name(f".{stage}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        if self.checkpoints(stage).exists():
            self.checkpoints(stage).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def request(self, command: Command) -> None:
        """Leaves a wish for whoever trains this run, in this process or another."""
        write_json(self.folder / "control.json", {"command": command})

    def command(self) -> Command:
        """The last wish; what cannot be read is none."""
        try:
            row = json.loads((self.folder / "control.json").read_text(encoding="utf-8"))
            return Command(row["command"])
        except (OSError, ValueError, KeyError, TypeError):
            return Command.GO_ON

    def record(self, event: Event) -> None:
        """Appends an event. Raises OSError."""
        paths = [self.samples_file if isinstance(event, SampleHeard) else self.metrics_file]
        if isinstance(event, StageStarted):  # tells which samples a crash has undone, too
            paths.append(self.samples_file)
        for path in paths:
            with path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(to_line(event, time.time()) + "\n")

    def events(self) -> list[Event]:
        """All events but samples, as if the run had never been interrupted.

        What a crash made the run do again, and kinds not known here, are left out.
        """
        return _as_it_went(self.metrics_file)

    def samples(self) -> list[SampleHeard]:
        """Held-out clips as they were heard on the way, without what a crash made it do again."""
        return [event for event in _as_it_went(self.samples_file) if isinstance(event, SampleHeard)]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the run for this process; the lock of a process that was killed is free.

        Raises:
            RunError: another process trains it.
        """
        lock = FileLock(self.folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise RunError(
                f"{self.folder} is being trained by another process.",
                "It was left alone.",
                "Wait for it, or pause it there.",
            ) from error
        try:
            for path in (self.metrics_file, self.samples_file, self.copies_file, *self.wer_files()):
                _mend(path)
            yield
        finally:
            lock.release()

    def in_work(self) -> bool:
        """Another process trains it now."""
        lock = FileLock(self.folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    def _steps(self, stage: str) -> list[Path]:
        """Complete checkpoints, newest first."""
        found = self.checkpoints(stage).glob(f"{STEP}*")
        return sorted(found, key=lambda path: -int(path.name.removeprefix(STEP)))


def absolute(config: RunConfig, folder: Path) -> RunConfig:
    """A configuration that means the same wherever it lies.

    Args:
        config: its paths are relative to where it lies now.
        folder: that place.
    """

    def made(path: str) -> str:
        return str(folder / Path(path).expanduser()) if path else ""

    paths = tuple(map(made, config.data.paths))
    data = replace(config.data, paths=paths, noise=made(config.data.noise))
    adapter = replace(config.adapter, start_from=made(config.adapter.start_from))
    current = config.evaluate.current  # perhaps a name in the library
    if current and Path(made(current)).is_dir():
        current = made(current)
    clean = tuple(map(made, config.evaluate.clean))
    evaluate = replace(config.evaluate, current=current, clean=clean)
    model = config.model
    if Path(model.path).name != model.path:  # else a name
        model = replace(model, path=made(model.path))
    return replace(config, model=model, data=data, adapter=adapter, evaluate=evaluate)


def _as_it_went(path: Path) -> list[Event]:
    if not path.exists():
        return []
    kept: list[Event] = []
    # Not splitlines: a sample's text may hold U+2028.
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        event = from_line(line)
        if isinstance(event, StageStarted):
            kept = [old for old in kept if not _superseded(old, event)]
        if event is not None:
            kept.append(event)
    return kept


def _superseded(old: Event, start: StageStarted) -> bool:
    """What happened behind the step that a stage goes on from; in a stage begun anew, all of it."""
    if getattr(old, "stage", None) != start.stage or not hasattr(old, "step"):
        return False
    return bool(old.step > start.step or start.step == 0)


def _mend(path: Path) -> None:
    """Cuts off a last line that a crash has left unfinished."""
    if not path.is_file():
        return
    with path.open("rb+") as file:
        content = file.read()
        if content and not content.endswith(b"\n"):
            file.truncate(content.rfind(b"\n") + 1)
