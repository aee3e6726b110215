"""File in, routed transcript out: the whole pipeline, top to bottom.

decode (stream) -> stretches of speech -> degraded probability -> route -> one mixed batch ->
guard -> segments, delivered as they are finished. Memory holds one window of audio, whatever the
length of the file.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine import guard
from engine.audio import load_spans, stream
from engine.decide import decide
from engine.errors import CancelledError, MissingModelError
from engine.job import LARGEST_WINDOW_S, Heard, Job, Listeners, windows
from engine.job import OnNonSpeech as OnNonSpeech
from engine.job import OnProgress as OnProgress
from engine.job import OnSegment as OnSegment
from engine.languages import resolve
from engine.options import Progress as Progress
from engine.options import TranscribeOptions as TranscribeOptions
from engine.samples import SAMPLE_RATE_HZ
from engine.segments import CutOptions, SpeechDetector, Stretch, cut
from engine.transcript import DecidedBy, Decoding, Route, Segment, Transcript

if TYPE_CHECKING:
    from engine.recognizer import Recognizer
    from engine.router import Router


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
        options = options or TranscribeOptions()
        self._check(options)
        listeners = Listeners(on_progress, on_segment, on_non_speech)
        job = Job(Path(path), options, listeners, cancel)
        try:
            for window in windows(self._stretches(job), job):
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
        job = Job(Path(path), options or TranscribeOptions(), Listeners(on_progress))
        for window in windows(self._stretches(job), job):
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
        self._check(options, routes)
        job = Job(Path(path), options, Listeners(on_segment=on_segment), cancel)
        result = list(segments)

        def deliver(index: int, segment: Segment) -> None:
            result[index] = segment
            job.deliver(index, segment)

        spans = [(segment.start_s, segment.end_s) for segment in segments]
        batch: list[Heard] = []
        for index, samples in enumerate(load_spans(job.path, spans)):
            batch.append(Heard(index, samples, self._detector.speech_s(samples)))
            if index + 1 == len(spans) or sum(h.duration_s for h in batch) >= LARGEST_WINDOW_S:
                asked = [routes[heard.index] for heard in batch]
                for heard, decoding in self._decodings(batch, asked, job):
                    by = _decider(segments[heard.index], decoding.route, options)
                    segment = segments[heard.index].with_decoding(decoding)
                    deliver(heard.index, segment.choosing(decoding.route, by))
                batch = []
        return result

    def _check(self, options: TranscribeOptions, routes: Iterable[Route] = ()) -> None:
        resolve(options.language)
        if Route.ROBUST in (*routes, options.route) and not self._recognizer.has_adapter:
            raise MissingModelError(
                f"The model '{self.model}' has no robust adapter.",
                "Nothing was changed.",
                "Use the base route, or a model that comes with an adapter.",
            )

    def _stretches(self, job: Job) -> Iterator[Stretch]:
        blocks = stream(job.path, start_s=job.options.start_s, on_warning=job.warnings.append)
        return cut(blocks, self._detector, CutOptions(max_segment_s=job.options.max_segment_s))

    def _routed(self, window: Sequence[Heard], job: Job) -> list[tuple[int, Segment]]:
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

    def _hear(self, window: Sequence[Heard], job: Job) -> None:
        """One window: route, recognise in mixed batches, and hear again what the guard flags."""
        routed = dict(self._routed(window, job))
        flagged: list[Heard] = []
        for heard, decoding in self._decodings(window, [s.route for s in routed.values()], job):
            segment = routed[heard.index].with_decoding(decoding)
            routed[heard.index] = segment.choosing(decoding.route, segment.decided_by)
            if decoding.flags and self._recognizer.has_adapter and job.options.route is None:
                flagged.append(heard)
            else:
                job.deliver(heard.index, routed[heard.index])
        undecided = {heard.index: routed[heard.index] for heard in flagged}
        others = [segment.route.other for segment in undecided.values()]
        try:
            for heard, second in self._decodings(flagged, others, job):
                segment = undecided.pop(heard.index).with_decoding(second)
                first = segment.decoding(segment.route)
                if first is not None and guard.better(first, second) is second:
                    segment = segment.choosing(second.route, DecidedBy.GUARD)
                job.deliver(heard.index, segment)
        finally:  # Cancelled or out of memory before the second reading: the first is kept.
            for index, segment in undecided.items():
                job.deliver(index, segment)

    def _decodings(
        self, batch: Sequence[Heard], routes: Sequence[Route], job: Job
    ) -> Iterator[tuple[Heard, Decoding]]:
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


def _decider(segment: Segment, route: Route, options: TranscribeOptions) -> DecidedBy:
    """The router, if it would choose the same; otherwise the person."""
    policy = replace(options.policy, forced=None)
    chosen, by = decide(segment.degraded_probability, policy)
    return by if chosen is route else DecidedBy.USER
