"""One request to the engine, and who hears of it. Knows no Qt."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from engine.errors import WildscribeError
from engine.options import Progress
from engine.protocol import (
    Decode,
    Failed,
    Finished,
    NonSpeechFound,
    Progressed,
    Reply,
    SegmentReady,
    Transcribe,
)
from engine.transcript import NonSpeech, Segment

Heard = Transcribe | Decode


class Engine(Protocol):
    """What asking needs of an engine."""

    def submit(self, ask: "Ask") -> None:
        """Takes a request; the engine works on one at a time, in order."""

    def cancel(self, ask: "Ask") -> None:
        """Stops a request; it still ends with success or failure."""


def _ignore(*_: object) -> None:
    pass


class Ask:
    """A request that reads as one sentence::

        Ask(Transcribe(0, path, options)).on_segment(show).on_failure(report).run(engine)

    Every listener is called on the thread of the window. After success or failure nothing comes.

    Args:
        request: what to do; the engine client gives it its number.
    """

    def __init__(self, request: Heard) -> None:
        self.request = request
        self.details = ""
        self._engine: Engine | None = None
        self._on_segment: Callable[[int, Segment], None] = _ignore
        self._on_non_speech: Callable[[NonSpeech], None] = _ignore
        self._on_progress: Callable[[Progress], None] = _ignore
        self._on_success: Callable[[Finished], None] = _ignore
        self._on_failure: Callable[[WildscribeError], None] = _ignore

    def on_segment(self, listener: Callable[[int, Segment], None]) -> "Ask":
        """Called with the place and the segment as each is finished, in any order."""
        self._on_segment = listener
        return self

    def on_non_speech(self, listener: Callable[[NonSpeech], None]) -> "Ask":
        """Called with each stretch without speech, in order."""
        self._on_non_speech = listener
        return self

    def on_progress(self, listener: Callable[[Progress], None]) -> "Ask":
        """Called with the audio seconds done."""
        self._on_progress = listener
        return self

    def on_success(self, listener: Callable[[Finished], None]) -> "Ask":
        """Called once, at the end."""
        self._on_success = listener
        return self

    def on_failure(self, listener: Callable[[WildscribeError], None]) -> "Ask":
        """Called once, instead of success; `details` then holds what a developer wants to see."""
        self._on_failure = listener
        return self

    def run(self, engine: Engine) -> "Ask":
        """Hands it to the engine; returns at once."""
        self._engine = engine
        engine.submit(self)
        return self

    def cancel(self) -> None:
        """Stops it as soon as the engine can."""
        if self._engine is not None:
            self._engine.cancel(self)

    def numbered(self, job: int) -> Heard:
        """The request under its number."""
        self.request = replace(self.request, job=job)
        return self.request

    def hear(self, reply: Reply) -> bool:
        """Passes a reply on.

        Returns:
            Whether this was the last one.
        """
        match reply:
            case SegmentReady():
                self._on_segment(reply.index, reply.segment)
            case NonSpeechFound():
                self._on_non_speech(reply.stretch)
            case Progressed():
                self._on_progress(Progress(reply.done_s, reply.total_s))
            case Finished():
                self._on_success(reply)
                return True
            case Failed():
                self.fail(reply.error, reply.details)
                return True
        return False

    def fail(self, error: WildscribeError, details: str = "") -> None:
        """Ends it without success."""
        self.details = details
        self._on_failure(error)
