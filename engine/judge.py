"""The first half of hearing: where speech is, how degraded it is, and which route it takes.

Needs the small router only, so a recording can be judged without loading the recogniser.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.audio import stream
from engine.decide import decide
from engine.job import Heard, Job, Listeners, OnProgress, windows
from engine.options import TranscribeOptions
from engine.samples import SAMPLE_RATE_HZ
from engine.segments import CutOptions, SpeechDetector, cut
from engine.transcript import USUAL_THRESHOLD, DecidedBy, Route, Segment, Transcript

if TYPE_CHECKING:
    from engine.checkpoint import ModelFolder
    from engine.router import Router


class Judge:
    """Finds speech and decides its routes.

    Args:
        router: the audio-quality router, or None to take the base route always.
        detector: speech detection.
        has_adapter: whether there is a robust route at all.
        model: name written into transcripts.
        threshold: degraded probability from which the robust route is taken, unless options say
            otherwise.
    """

    def __init__(
        self,
        router: Router | None,
        detector: SpeechDetector,
        *,
        has_adapter: bool,
        model: str = "",
        threshold: float = USUAL_THRESHOLD,
    ) -> None:
        self._router = router
        self._has_adapter = has_adapter
        self.detector = detector
        self.model = model
        self.threshold = threshold

    @classmethod
    def open(cls, model: str | Path = "mini", *, adapter: Path | None = None) -> Judge:
        """Loads the router of a model, and nothing else of it.

        Args:
            model: as `engine.transcriber.Transcriber.open` takes it.
            adapter: likewise; its router is taken where one lies beside it.

        Raises:
            ModelError: the model is not here, or its router cannot be used.
        """
        from engine.models import located

        return cls.of(located(model, adapter))

    @classmethod
    def of(cls, folder: ModelFolder) -> Judge:
        """Loads the router of a located model. Raises as `open` does."""
        from engine.router import Router

        router = Router.load(folder.router) if folder.router else None
        has_adapter = folder.adapter is not None
        return cls(
            router,
            SpeechDetector(),
            has_adapter=has_adapter,
            model=folder.name,
            threshold=folder.threshold,
        )

    def settled(self, options: TranscribeOptions | None) -> TranscribeOptions:
        """The options, with the router's own threshold where they name none."""
        options = options or TranscribeOptions()
        return (
            options if options.threshold is not None else replace(options, threshold=self.threshold)
        )

    def route(
        self,
        path: str | Path,
        options: TranscribeOptions | None = None,
        *,
        on_progress: OnProgress | None = None,
    ) -> Transcript:
        """Judges every segment of a file and decides its route; the texts stay empty.

        Raises:
            AudioError: nothing of the file can be used.
        """
        job = Job(Path(path), self.settled(options), Listeners(on_progress))
        for window in self.windows(job):
            for heard, segment in zip(window, self.routed(window, job), strict=True):
                job.deliver(heard.index, segment)
        return job.transcript(self.model, complete=True)

    def windows(self, job: Job) -> Iterator[list[Heard]]:
        """The speech of a file, in windows that grow; pauses are noted in the job.

        Raises:
            AudioError: nothing of the file can be used.
            CancelledError: the job was cancelled.
        """
        blocks = stream(
            job.path,
            start_s=job.options.start_s,
            on_warning=job.warnings.append,
            check=job.check,  # A long silence gives no stretch to stop at.
        )
        options = CutOptions(max_segment_s=job.options.max_segment_s)
        return windows(cut(blocks, self.detector, options, on_quiet=job.rest), job)

    def routed(self, window: Sequence[Heard], job: Job) -> list[Segment]:
        """Segments without text, in the order of the window: times, probability, route."""
        probabilities: list[float | None] = [None] * len(window)
        if self._router is not None:
            judged = self._router.probabilities([heard.samples for heard in window])
            probabilities = [float(probability) for probability in judged]
        return [
            self._segment(heard, probability, job.options)
            for heard, probability in zip(window, probabilities, strict=True)
        ]

    def _segment(
        self, heard: Heard, probability: float | None, options: TranscribeOptions
    ) -> Segment:
        route, decided_by = decide(probability, options.policy)
        if not self._has_adapter and options.route is None:
            route, decided_by = Route.BASE, DecidedBy.DEFAULT
        return Segment(
            start_s=heard.start / SAMPLE_RATE_HZ,
            end_s=(heard.start + len(heard.samples)) / SAMPLE_RATE_HZ,
            route=route,
            degraded_probability=probability,
            decided_by=decided_by,
        )
