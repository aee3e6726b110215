"""File in, routed transcript out: the whole pipeline, top to bottom.

decode (stream) -> stretches of speech -> degraded probability -> route -> one mixed batch ->
guard -> segments, delivered as they are finished. Memory holds one window of audio, whatever the
length of the file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine import guard
from engine.audio import load_spans, probe, stream
from engine.decide import decide
from engine.errors import CancelledError, MissingModelError
from engine.languages import resolve
from engine.options import Progress as Progress
from engine.options import TranscribeOptions as TranscribeOptions
from engine.samples import SAMPLE_RATE_HZ, Samples
from engine.segments import CutOptions, SpeechDetector, Stretch, cut
from engine.transcript import (
    DecidedBy,
    Decoding,
    NonSpeech,
    NonSpeechKind,
    Route,
    Segment,
    Transcript,
)

if TYPE_CHECKING:
    from engine.recognizer import Recognizer
    from engine.router import Router

FIRST_WINDOW_S = 10.0
LARGEST_WINDOW_S = 240.0
"""Speech gathered before it is recognised: little at first, so that text appears at once, then
twice as much each time, so that batches can be filled by length and route."""

OnProgress = Callable[[Progress], None]
OnSegment = Callable[[int, Segment], None]
OnNonSpeech = Callable[[NonSpeech], None]


class Transcriber:
    """Router, recogniser and guard, ready to hear files.

    Args:
        recognizer: the speech model, with or without a robust adapter.
        router: the audio-quality router, or None to take the base route always.
        detector: speech detection.
        model: name written into transcripts.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        router: Router | None,
        detector: SpeechDetector,
        model: str = "",
    ) -> None:
        self._recognizer = recognizer
        self._router = router
        self._detector = detector
        self.model = model

    @classmethod
    def open(
        cls, model: str | Path = "mini", *, device: str = "auto", dtype: str = "auto"
    ) -> Transcriber:
        """Loads a model by catalogue name or folder.

        Args:
            model: "mini", the name of an imported model, or a folder in any layout that
                `engine.checkpoint.locate` knows.
            device: "auto", "cpu", "cuda", "cuda:1", "mps".
            dtype: "auto", "float32", "bfloat16", "float16".

        Raises:
            ModelError: the weights cannot be used.
            DeviceError: the device cannot be used.
        """
        from engine.checkpoint import locate
        from engine.models import find
        from engine.recognizer import Recognizer
        from engine.router import Router

        folder = locate(find(model))
        router = Router.load(folder.router) if folder.router else None
        recognizer = Recognizer.load(folder, device=device, dtype=dtype)
        return cls(recognizer, router, SpeechDetector(), folder.name)

    @property
    def device(self) -> str:
        """Where the recogniser runs: "cpu", "cuda:0"."""
        return self._recognizer.device.name

    @property
    def device_reason(self) -> str:
        """Why it runs there, one sentence."""
        return self._recognizer.device.reason

    def transcribe(
        self,
        path: str | Path,
        options: TranscribeOptions | None = None,
        *,
        on_progress: OnProgress | None = None,
        on_segment: OnSegment | None = None,
        on_non_speech: OnNonSpeech | None = None,
        cancel: threading.Event | None = None,
    ) -> Transcript:
        """Hears a whole file.

        Args:
            path: any audio or video file.
            options: see `TranscribeOptions`.
            on_progress: called with the audio seconds done.
            on_segment: called with the index and the segment as each is finished; within a window
                in any order.
            on_non_speech: called with each stretch that is not transcribed.
            cancel: when set, the work stops within 2 s.

        Returns:
            The transcript; when cancelled, what was finished, with ``complete=False``.

        Raises:
            AudioError: nothing of the file can be used.
            UsageError: the language is unknown.
            MissingModelError: the robust route is forced and the model has no adapter.
            OutOfMemoryError: not even one segment fits; finished segments were delivered.
        """
        listeners = _Listeners(on_progress, on_segment, on_non_speech)
        job = _Job(Path(path), options or TranscribeOptions(), listeners, cancel)
        self._check(job.options)
        try:
            for window in _windows(self._stretches(job), job):
                self._hear(window, job)
        except CancelledError:
            return job.transcript(self.model, complete=False)
        return job.transcript(self.model, complete=True)

    def route(
        self,
        path: str | Path,
        options: TranscribeOptions | None = None,
        *,
        on_progress: OnProgress | None = None,
    ) -> Transcript:
        """Judges every segment and decides its route, but recognises nothing.

        Raises:
            AudioError: nothing of the file can be used.
        """
        job = _Job(Path(path), options or TranscribeOptions(), _Listeners(on_progress))
        for window in _windows(self._stretches(job), job):
            for index, segment in self._routed(window, job):
                job.deliver(index, segment)
        return job.transcript(self.model, complete=True)

    def decode(
        self,
        path: str | Path,
        segments: Sequence[Segment],
        routes: Sequence[Route],
        options: TranscribeOptions | None = None,
        *,
        on_segment: OnSegment | None = None,
        cancel: threading.Event | None = None,
    ) -> list[Segment]:
        """Hears some segments of a file again, each on the route given for it.

        A decision that the router would make too is recorded as the router's, any other as the
        person's. Earlier decodings stay among the alternatives.

        Args:
            path: the recording.
            segments: in order of time.
            routes: one a segment.
            options: language, context and threshold.
            on_segment: called with the position in ``segments`` and the new segment.
            cancel: when set, the work stops within 2 s.

        Returns:
            The segments, in the same order, showing the new decodings.

        Raises:
            AudioError: the recording cannot be read any more.
            CancelledError: it was cancelled; finished segments were delivered.
        """
        options = options or TranscribeOptions()
        self._check(options, set(routes))
        job = _Job(Path(path), options, _Listeners(on_segment=on_segment), cancel)
        result = list(segments)

        def deliver(index: int, segment: Segment) -> None:
            result[index] = segment
            job.deliver(index, segment)

        spans = [(segment.start_s, segment.end_s) for segment in segments]
        batch: list[_Heard] = []
        for index, samples in enumerate(load_spans(job.path, spans)):
            batch.append(_Heard(index, samples, self._detector.speech_s(samples)))
            if index + 1 == len(spans) or sum(h.duration_s for h in batch) >= LARGEST_WINDOW_S:
                asked = [routes[heard.index] for heard in batch]
                for heard, decoding in self._decodings(batch, asked, job):
                    by = _decider(segments[heard.index], decoding.route, options)
                    segment = segments[heard.index].with_decoding(decoding)
                    deliver(heard.index, segment.choosing(decoding.route, by))
                batch = []
        return result

    def _check(self, options: TranscribeOptions, routes: set[Route] | None = None) -> None:
        resolve(options.language)
        wanted = routes or {options.route}
        if Route.ROBUST in wanted and not self._recognizer.has_adapter:
            raise MissingModelError(
                f"The model '{self.model}' has no robust adapter.",
                "Nothing was changed.",
                "Use the base route, or a model that comes with an adapter.",
            )

    def _stretches(self, job: _Job) -> Iterator[Stretch]:
        blocks = stream(job.path, start_s=job.options.start_s, on_warning=job.warnings.append)
        return cut(blocks, self._detector, CutOptions(max_segment_s=job.options.max_segment_s))

    def _routed(self, window: Sequence[_Heard], job: _Job) -> list[tuple[int, Segment]]:
        """Segments without text: times, probability, route."""
        probabilities: list[float | None] = [None] * len(window)
        if self._router is not None:
            probabilities = list(
                map(float, self._router.probabilities([h.samples for h in window]))
            )
        routed = []
        for heard, probability in zip(window, probabilities, strict=True):
            route, by = decide(probability, job.options.policy)
            if not self._recognizer.has_adapter:
                route, by = Route.BASE, DecidedBy.DEFAULT
            segment = Segment(
                start_s=heard.start / SAMPLE_RATE_HZ,
                end_s=(heard.start + len(heard.samples)) / SAMPLE_RATE_HZ,
                route=route,
                degraded_probability=probability,
                decided_by=by,
            )
            routed.append((heard.index, segment))
        return routed

    def _hear(self, window: Sequence[_Heard], job: _Job) -> None:
        """One window: route, recognise in mixed batches, and hear again what the guard flags."""
        routed = dict(self._routed(window, job))
        flagged: list[_Heard] = []
        for heard, decoding in self._decodings(window, [s.route for s in routed.values()], job):
            segment = routed[heard.index].with_decoding(decoding)
            routed[heard.index] = segment.choosing(decoding.route, segment.decided_by)
            if decoding.flags and self._recognizer.has_adapter and job.options.route is None:
                flagged.append(heard)
            else:
                job.deliver(heard.index, routed[heard.index])
        others = [routed[heard.index].route.other for heard in flagged]
        for heard, second in self._decodings(flagged, others, job):
            segment = routed[heard.index].with_decoding(second)
            first = segment.decoding(segment.route)
            if first is not None and guard.better(first, second) is second:
                segment = segment.choosing(second.route, DecidedBy.GUARD)
            job.deliver(heard.index, segment)

    def _decodings(
        self, batch: Sequence[_Heard], routes: Sequence[Route], job: _Job
    ) -> Iterator[tuple[_Heard, Decoding]]:
        """Recognises a batch, each clip on its route, and lets the guard look at every text."""
        from engine.recognizer import Clip

        language = resolve(job.options.language)
        clips = [
            Clip(
                samples=heard.samples,
                gate=float(route is Route.ROBUST),
                language=language,
                context=job.options.context,
            )
            for heard, route in zip(batch, routes, strict=True)
        ]
        for position, hypothesis in self._recognizer.stream(clips, cancel=job.cancel):
            heard = batch[position]
            decoding = Decoding(
                route=routes[position],
                text=hypothesis.text,
                language=hypothesis.language,
                confidence=hypothesis.confidence,
                raw_text=hypothesis.raw_text,
            )
            around = guard.Circumstances(
                heard.duration_s, heard.speech_s, job.options.context, hypothesis.truncated
            )
            yield heard, guard.inspect(decoding, around)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A stretch of speech with its place among the segments; ``start`` in samples."""

    index: int
    samples: Samples
    speech_s: float
    start: int = 0

    @property
    def duration_s(self) -> float:
        return len(self.samples) / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class _Listeners:
    """Who wants to hear of progress."""

    on_progress: OnProgress | None = None
    on_segment: OnSegment | None = None
    on_non_speech: OnNonSpeech | None = None


class _Job:
    """What one transcription has gathered so far."""

    def __init__(
        self,
        path: Path,
        options: TranscribeOptions,
        listeners: _Listeners,
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
        self._segments[index] = segment
        if self._listeners.on_segment is not None:
            self._listeners.on_segment(index, segment)
        self._advance(segment.duration_s)

    def skip(self, stretch: NonSpeech) -> None:
        self._non_speech.append(stretch)
        if self._listeners.on_non_speech is not None:
            self._listeners.on_non_speech(stretch)
        self._advance(stretch.end_s - stretch.start_s)

    def check(self) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise CancelledError("The transcription was cancelled.", "Finished segments are kept.")

    def transcript(self, model: str, *, complete: bool) -> Transcript:
        return Transcript(
            source=str(self.path),
            duration_s=self._done_s if complete else (self._total_s or self._done_s),
            segments=tuple(self._segments[index] for index in sorted(self._segments)),
            non_speech=tuple(self._non_speech),
            model=model,
            threshold=self.options.threshold,
            warnings=tuple(self.warnings),
            complete=complete,
        )

    def _advance(self, by_s: float) -> None:
        self._done_s += by_s
        if self._listeners.on_progress is not None:
            self._listeners.on_progress(Progress(self._done_s, self._total_s))


def _windows(stretches: Iterator[Stretch], job: _Job) -> Iterator[list[_Heard]]:
    """Speech in windows that grow; the stretches between are noted as they pass."""
    offset = round(job.options.start_s * SAMPLE_RATE_HZ)
    window: list[_Heard] = []
    limit_s, count = FIRST_WINDOW_S, 0
    for stretch in stretches:
        job.check()
        start = offset + stretch.start
        if stretch.samples is None:
            end_s = (offset + stretch.end) / SAMPLE_RATE_HZ
            kind = NonSpeechKind(stretch.kind)
            job.skip(NonSpeech(start / SAMPLE_RATE_HZ, end_s, kind))
            continue
        window.append(_Heard(count, stretch.samples, stretch.speech_s, start))
        count += 1
        if sum(heard.duration_s for heard in window) >= limit_s:
            yield window
            window, limit_s = [], min(2 * limit_s, LARGEST_WINDOW_S)
    if window:
        yield window


def _decider(segment: Segment, route: Route, options: TranscribeOptions) -> DecidedBy:
    """The router, if it would choose the same; otherwise the person."""
    policy = replace(options.policy, forced=None)
    chosen, by = decide(segment.degraded_probability, policy)
    return by if chosen is route else DecidedBy.USER
