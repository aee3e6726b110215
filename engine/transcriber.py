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
from typing import TYPE_CHECKING, NamedTuple

from engine import guard
from engine.audio import load_spans
from engine.decide import decide
from engine.errors import CancelledError, MissingModelError
from engine.job import (
    LARGEST_WINDOW_S,
    Heard,
    Job,
    Listeners,
    OnNonSpeech,
    OnProgress,
    OnSegment,
)
from engine.judge import Judge
from engine.languages import resolve
from engine.options import TranscribeOptions
from engine.transcript import DecidedBy, Decoding, Flag, Route, Segment, Transcript

if TYPE_CHECKING:
    from engine.recognizer import Recognizer


class Transcriber:
    """Router, recogniser and guard, ready to hear files.

    Args:
        recognizer: the speech model, with or without a robust adapter.
        judge: finds speech and decides routes.
    """

    def __init__(self, recognizer: Recognizer, judge: Judge) -> None:
        self._recognizer = recognizer
        self._judge = judge

    @classmethod
    def open(
        cls,
        model: str | Path = "mini",
        *,
        adapter: Path | None = None,
        device: str = "auto",
        dtype: str = "auto",
    ) -> Transcriber:
        """Loads a model by catalogue name or folder.

        Args:
            model: "mini", the name of an imported model, or a folder in any layout that
                `engine.checkpoint.locate` knows.
            adapter: folder of an adapter to take in place of the model's own, with its router and
                its threshold where they lie beside it.
            device: "auto", "cpu", "cuda", "cuda:1", "mps".
            dtype: "auto", "float32", "bfloat16", "float16".

        Raises:
            ModelError: the weights cannot be used.
            DeviceError: the device cannot be used.
        """
        from engine.models import located
        from engine.recognizer import Recognizer

        folder = located(model, adapter)
        judge = Judge.of(folder)
        return cls(Recognizer.load(folder, device=device, dtype=dtype), judge)

    @property
    def model(self) -> str:
        """Name of the model."""
        return self._judge.model

    @property
    def threshold(self) -> float:
        """Degraded probability from which the robust route is taken, unless options say otherwise:
        the one that the router was made with."""
        return self._judge.threshold

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
            on_progress: called with the audio seconds done, in a long silence every 5 s of it.
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
        options = self._judge.settled(options)
        self._check(options)
        listeners = Listeners(on_progress, on_segment, on_non_speech)
        job = Job(Path(path), options, listeners, cancel)
        try:
            for window in self._judge.windows(job):
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
        """Decides every segment's route and recognises nothing; see `Judge.route`."""
        return self._judge.route(path, options, on_progress=on_progress)

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
        options = self._judge.settled(options)
        self._check(options, routes)
        job = Job(Path(path), options, Listeners(on_segment=on_segment), cancel)
        result = list(segments)

        def deliver(index: int, segment: Segment) -> None:
            result[index] = segment
            job.deliver(index, segment)

        spans = [(segment.start_s, segment.end_s) for segment in segments]
        batch: list[Heard] = []
        for index, samples in enumerate(load_spans(job.path, spans, check=job.check)):
            speech_s = self._judge.detector.speech_s(samples)
            batch.append(Heard(index, samples, speech_s))
            if index + 1 == len(spans) or sum(h.duration_s for h in batch) >= LARGEST_WINDOW_S:
                asked = [_Question(h, routes[h.index], options.context) for h in batch]
                for heard, decoding in self._answers(asked, job):
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

    def _hear(self, window: Sequence[Heard], job: Job) -> None:
        """One window: route, recognise in mixed batches, and hear again what the guard flags."""
        routed = {
            heard.index: segment
            for heard, segment in zip(window, self._judge.routed(window, job), strict=True)
        }
        context = job.options.context
        asked = [_Question(heard, routed[heard.index].route, context) for heard in window]
        again: list[_Question] = []
        for heard, first in self._answers(asked, job):
            segment = routed[heard.index].with_decoding(first)
            routed[heard.index] = segment = segment.choosing(first.route, segment.decided_by)
            if first.flags and self._recognizer.has_adapter and job.options.route is None:
                leaked = Flag.CONTEXT_LEAK in first.flags
                again.append(_Question(heard, first.route.other, "" if leaked else context))
            else:
                job.deliver(heard.index, segment)
        undecided = {question.heard.index for question in again}
        try:
            for heard, second in self._answers(again, job):
                segment = routed[heard.index].with_decoding(second)
                shown = segment.decoding(segment.route)
                if shown is not None and guard.better(shown, second) is second:
                    segment = segment.choosing(second.route, DecidedBy.GUARD)
                undecided.remove(heard.index)
                job.deliver(heard.index, segment)
        finally:  # Cancelled or out of memory before the second reading: the first is kept.
            for index in sorted(undecided):
                job.deliver(index, routed[index])

    def _answers(
        self, questions: Sequence[_Question], job: Job
    ) -> Iterator[tuple[Heard, Decoding]]:
        """Recognises in mixed batches, and lets the guard look at every text."""
        from engine.recognizer import Clip

        language = resolve(job.options.language)
        clips = [
            Clip(
                samples=question.heard.samples,
                gate=float(question.route is Route.ROBUST),
                language=language,
                context=question.context,
            )
            for question in questions
        ]
        for position, hypothesis in self._recognizer.stream(clips, cancel=job.cancel):
            heard, route, context = questions[position]
            decoding = Decoding(
                route=route,
                text=hypothesis.text,
                language=hypothesis.language,
                confidence=hypothesis.confidence,
                raw_text=hypothesis.raw_text,
            )
            around = guard.Circumstances(
                heard.duration_s, heard.speech_s, context, hypothesis.truncated
            )
            yield heard, guard.inspect(decoding, around)


class _Question(NamedTuple):
    """One stretch of speech to be recognised, on which route and with which hot words."""

    heard: Heard
    route: Route
    context: str


def _decider(segment: Segment, route: Route, options: TranscribeOptions) -> DecidedBy:
    """The router, if it would choose the same; otherwise the person."""
    policy = replace(options.policy, forced=None)
    chosen, by = decide(segment.degraded_probability, policy)
    return by if chosen is route else DecidedBy.USER
