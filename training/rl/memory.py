"""What the stage must not forget between two checkpoints, as plain data."""

from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Point:
    """What alarms look at, of one step; see `training.rl.events.RlStepDone`."""

    reward: float
    repetition_share: float
    length_ratio: float


@dataclass(frozen=True, slots=True)
class Memory:
    """How far a stage is, beside its weights.

    Attributes:
        position: clips taken from the order so far.
        first: the first window of steps.
        recent: the last window of steps.
        start_wer: held-out WER before the first step; None when not measured.
        last_wer: held-out WER of the last measurement.
        best_wer: the lowest so far.
        best_step: where it was measured.
        unimproved: measurements since.
        alarms: those that hold.
    """

    position: int = 0
    first: tuple[Point, ...] = ()
    recent: tuple[Point, ...] = ()
    start_wer: float | None = None
    last_wer: float | None = None
    best_wer: float | None = None
    best_step: int = 0
    unimproved: int = 0
    alarms: tuple[str, ...] = ()

    def stepped(self, point: Point, window: int) -> "Memory":
        """Behind one more step."""
        return replace(
            self,
            first=self.first if len(self.first) == window else (*self.first, point),
            recent=(*self.recent, point)[-window:],
        )

    def measured(self, step: int, wer: float) -> "Memory":
        """Behind one more measurement on held-out clips."""
        start = wer if self.start_wer is None else self.start_wer
        known = replace(self, start_wer=start, last_wer=wer)
        if self.best_wer is None or wer < self.best_wer:
            return replace(known, best_wer=wer, best_step=step, unimproved=0)
        return replace(known, unimproved=self.unimproved + 1)

    def to_row(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "Memory":
        """What `to_row` gave. Raises KeyError or TypeError for anything else."""
        points = {name: tuple(Point(**p) for p in row[name]) for name in ("first", "recent")}
        return cls(**(row | points | {"alarms": tuple(row["alarms"])}))
