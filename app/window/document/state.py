"""What the document screen shows beside its rows: numbers for the view to put into words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from app.window.problem import Problem


class Activity(StrEnum):
    """What the engine does for this document."""

    NONE = "none"
    WAITING = "waiting"
    TRANSCRIBING = "transcribing"
    STOPPING = "stopping"
    DECODING = "decoding"


@dataclass(frozen=True, slots=True)
class DocumentState:
    """Everything but the rows.

    Attributes:
        title: of the document.
        duration_s: of the recording; 0 while it is unknown.
        heard_s: what was heard without a gap, s.
        complete: there is no more to hear.
        segments, suspects: how many.
        robust_share: share of speech, by duration, on the robust route, in [0, 1].
        threshold: in [0, 1].
        activity: what the engine does.
        done_s, total_s: audio seconds that the engine has done, and will have; 0 while unknown.
        pending: how many segments must be decoded again.
        pending_about_s: how long that will take, from the speed measured here; None before.
        playing_s: start of the segment that is heard now, or None.
        warnings: about the recording.
        problem: what went wrong, until it is dealt with.
    """

    title: str
    duration_s: float
    heard_s: float
    complete: bool
    segments: int
    suspects: int
    robust_share: float
    threshold: float
    activity: Activity
    done_s: float
    total_s: float
    pending: int
    pending_about_s: float | None
    playing_s: float | None
    warnings: tuple[str, ...]
    problem: Problem | None


class DocumentShowing(Protocol):
    """What the presenter needs of the view."""

    def show_state(self, state: DocumentState) -> None:
        """Shows the state; called after every change."""

    def reveal(self, start_s: float) -> None:
        """Makes a segment the current one and scrolls to it."""
