"""What one transcription gathers, and the windows of speech that it is heard in."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.audio import probe
from engine.errors import CancelledError
from engine.options import Progress, TranscribeOptions
from engine.samples import SAMPLE_RATE_HZ, Samples
from engine.segments import Stretch
from engine.transcript import NonSpeech, NonSpeechKind, Segment, Transcript

FIRST_WINDOW_S = 10.0
LARGEST_WINDOW_S = 240.0
"""Speech gathered before it is recognised: little at first, so that text appears at once, then
twice as much each time, so that batches can be filled by length and route."""

OnProgress = Callable[[Progress], None]
OnSegment = Callable[[int, Segment], None]
OnNonSpeech = Callable[[NonSpeech], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch of speech with its place among the segments; ``start`` in samples."""

    index: int
    samples: Samples
    speech_s: float
    start: int = 0

    @property
    def duration_s(self) -> float:
        return len(self.samples) / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who wants to hear of progress."""

    on_progress: OnProgress | None = None
    on_segment: OnSegment | None = None
    on_non_speech: OnNonSpeech | None = None


class Job:
    """What one transcription has gathered so far."""

    def __init__(
        self,
        path: Path,
        options: TranscribeOptions,
        listeners: Listeners,
        cancel: threading.Event | None = None,
    ) -> None:
        self.path = path
        self.options = options
        self.cancel = cancel
        self.warnings: list[str] = []
        self._listeners = listeners
        self._segments: dict[int, Segment] = {}
        self._non_speech: list[NonSpeech] = []
        self._done_s = options.start_s
        self._total_s = probe(path).duration_s

    def deliver(self, index: int, segment: Segment) -> None:
        """Keeps a finished segment and tells of it."""
        self._segments[index] = segment
        if self._listeners.on_segment is not None:
            self._listeners.on_segment(index, segment)
        self._advance(segment.duration_s)

    def skip(self, stretch: NonSpeech) -> None:
        """Keeps a stretch that is not transcribed and tells of it."""
        self._non_speech.append(stretch)
        if self._listeners.on_non_speech is not None:
            self._listeners.on_non_speech(stretch)
        self._advance(stretch.end_s - stretch.start_s)

    def rest(self, so_far_s: float) -> None:
        """Tells of a stretch without speech that has lasted so long and goes on."""
        if so_far_s > 0.0:
            self._tell(self._done_s + so_far_s)

    def check(self) -> None:
        """Raises `CancelledError` once the person has cancelled."""
        if self.cancel is not None and self.cancel.is_set():
            raise CancelledError("The transcription was cancelled.", "Finished segments are kept.")

    def transcript(self, model: str, *, complete: bool) -> Transcript:
        """Everything gathered, in order of time."""
        return Transcript(
            source=str(self.path),
            duration_s=self._done_s if complete else (self._total_s or self._done_s),
            segments=tuple(self._segments[index] for index in sorted(self._segments)),
            non_speech=tuple(self._non_speech),
            model=model,
            threshold=self.options.policy.threshold,
            warnings=tuple(self.warnings),
            complete=complete,
        )

    def _advance(self, by_s: float) -> None:
        self._done_s += by_s
        self._tell(self._done_s)

    def _tell(self, done_s: float) -> None:
        if self._listeners.on_progress is not None:
            self._listeners.on_progress(Progress(done_s, self._total_s))


def windows(stretches: Iterable[Stretch], job: Job) -> Iterator[list[Heard]]:
    """Speech in windows that grow; the stretches between are noted as they pass."""
    offset = round(job.options.start_s * SAMPLE_RATE_HZ)
    window: list[Heard] = []
    limit_s, count = FIRST_WINDOW_S, 0
    for stretch in stretches:
        job.check()
        start = offset + stretch.start
        if stretch.samples is None:
            end_s = (offset + stretch.end) / SAMPLE_RATE_HZ
            kind = NonSpeechKind(stretch.kind)
            job.skip(NonSpeech(start / SAMPLE_RATE_HZ, end_s, kind))
            continue
        window.append(Heard(count, stretch.samples, stretch.speech_s, start))
        count += 1
        if sum(heard.duration_s for heard in window) >= limit_s:
            yield window
            window, limit_s = [], min(2 * limit_s, LARGEST_WINDOW_S)
    if window:
        yield window
