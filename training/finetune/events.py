"""What happens in a run, as plain data: one JSON object a line in the run's folder.

Whoever adds a stage adds its own kinds by subclassing `Event`.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events; ``kind`` is its name in JSON."""

    kind: ClassVar[str] = ""
    known: ClassVar[dict[str, type["Event"]]] = {}

    def __init_subclass__(cls) -> None:
        if cls.kind:
            Event.known[cls.kind] = cls


Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class DataPrepared(Event):
    """Clips were read, checked and split; ``problems`` counts what was found wrong by its kind."""

    kind: ClassVar[str] = "data_prepared"
    train_clips: int
    held_out_clips: int
    audio_s: float
    problems: dict[str, int]


@dataclass(frozen=True, slots=True)
class WerMeasured(Event):
    """The base model transcribed clips, for the curriculum."""

    kind: ClassVar[str] = "wer_measured"
    clips: int
    of_clips: int


@dataclass(frozen=True, slots=True)
class CopiesMade(Event):
    """Degraded copies of clips were made; ``of_copies`` are wanted in all."""

    kind: ClassVar[str] = "copies_made"
    stage: str
    copies: int
    of_copies: int


@dataclass(frozen=True, slots=True)
class ClipsHeard(Event):
    """Clips were transcribed by the base and by adapters: hypotheses there are, and will be."""

    kind: ClassVar[str] = "clips_heard"
    stage: str
    hypotheses: int
    of_hypotheses: int


@dataclass(frozen=True, slots=True)
class StageStarted(Event):
    """A stage begins, or goes on, behind ``step`` of ``steps``; 0 of 0 where it has none."""

    kind: ClassVar[str] = "stage_started"
    stage: str
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class StepDone(Event):
    """One step of the optimiser.

    Attributes:
        stage: which stage.
        step: counted from 1.
        steps: of the stage.
        loss: mean over target tokens, nats.
        rate: the largest learning rate of any scope.
        gradient_norm: before clipping.
        audio_s: audio in the step, s, over all processes.
        target_tokens: tokens that were learnt from.
        wall_s: time it took, s.
    """

    kind: ClassVar[str] = "step"
    stage: str
    step: int
    steps: int
    loss: float
    rate: float
    gradient_norm: float
    audio_s: float
    target_tokens: int
    wall_s: float


@dataclass(frozen=True, slots=True)
class CheckpointSaved(Event):
    """Everything needed to go on from ``step`` is on the disk."""

    kind: ClassVar[str] = "checkpoint_saved"
    stage: str
    step: int


@dataclass(frozen=True, slots=True)
class HeldOutScored(Event):
    """WER (CER where characters count) over held-out clips, pooled; 1 = 100 %."""

    kind: ClassVar[str] = "held_out_scored"
    stage: str
    step: int
    clips: int
    wer: float


@dataclass(frozen=True, slots=True)
class SampleHeard(Event):
    """One held-out clip; these lines go to samples.jsonl."""

    kind: ClassVar[str] = "sample"
    stage: str
    step: int
    clip: str
    reference: str
    hypothesis: str
    wer: float


@dataclass(frozen=True, slots=True)
class BatchHalved(Event):
    """Memory ran out; it goes on from the last checkpoint with fewer clips at once, or in the
    stage ``rl`` rollouts."""

    kind: ClassVar[str] = "batch_halved"
    stage: str
    clips_at_once: int


@dataclass(frozen=True, slots=True)
class StagePaused(Event):
    """Someone asked for a pause; resuming goes on behind ``step``."""

    kind: ClassVar[str] = "stage_paused"
    stage: str
    step: int


@dataclass(frozen=True, slots=True)
class StageFinished(Event):
    """A stage ended; ``early`` when it was stopped and what it had learnt was kept."""

    kind: ClassVar[str] = "stage_finished"
    stage: str
    step: int
    early: bool


@dataclass(frozen=True, slots=True)
class RunFinished(Event):
    """All stages are done."""

    kind: ClassVar[str] = "run_finished"


@dataclass(frozen=True, slots=True)
class RunFailed(Event):
    """The run broke off; the three sentences of the error. The last checkpoint is good.

    ``code`` is the class of the error: ``DiskFullError``, ``LossNotFiniteError``,
    ``OutOfMemoryError`` and whatever else there is.
    """

    kind: ClassVar[str] = "run_failed"
    stage: str
    code: str
    what: str
    safe: str
    remedy: str


def to_line(event: Event, time_unix_s: float) -> str:
    """One line of JSON. Numbers that are none (NaN, infinite) become null."""
    row = {"event": event.kind, "time_unix_s": round(time_unix_s, 3), **asdict(event)}
    return json.dumps({key: _finite(value) for key, value in row.items()}, ensure_ascii=False)


def from_line(line: str) -> Event | None:
    """The event of a line; None for a kind or a form that is not known here."""
    try:
        row: dict[str, Any] = json.loads(line)
        kind = Event.known[row["event"]]
        return kind(**{f.name: _number(row[f.name]) for f in fields(kind)})
    except (ValueError, KeyError, TypeError):
        return None


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: Any) -> Any:
    return math.nan if value is None else value
