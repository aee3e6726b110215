"""What the engine does for one document, one thing at a time. Knows no widget."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from app.client import Ask
from app.window.document.model import DocumentModel
from app.window.document.pace import Order, Speed
from app.window.document.state import Activity
from app.window.problem import Problem, Remedy
from app.window.services import Engine
from engine.errors import CancelledError, EngineError, WildscribeError
from engine.options import Progress, TranscribeOptions
from engine.protocol import Decode, Finished, Transcribe
from engine.transcript import Route, Segment


class Hearing:
    """Asks the engine and puts what it hears into the document.

    Args:
        model: the document.
        engine: who hears.
        on_change: called when ``activity`` is another one or progress was made.
        on_problem: called with what went wrong, and with None when work begins.
    """

    def __init__(
        self,
        model: DocumentModel,
        engine: Engine,
        on_change: Callable[[], None],
        on_problem: Callable[[Problem | None], None],
    ) -> None:
        self.activity = Activity.NONE
        self.done_s = 0.0
        self.total_s = 0.0
        self.speed = Speed()
        self._model = model
        self._engine = engine
        self._on_change = on_change
        self._on_problem = on_problem
        self._order = Order()
        self._ask: Ask | None = None

    @property
    def busy(self) -> bool:
        """The engine works for this document, or is going to."""
        return self._ask is not None

    def transcribe(self) -> None:
        """Hears the recording, or goes on where it stopped."""
        if self.busy:
            return
        document = self._model.document
        options = TranscribeOptions(threshold=self._model.threshold, start_s=document.heard_s)
        self._order = Order()
        self._begin(document.heard_s, document.transcript.duration_s)
        self._ask = (
            Ask(Transcribe(0, str(document.source), options))
            .on_segment(self._segment_heard)
            .on_non_speech(self._model.put)
            .on_progress(self._progress)
            .on_success(self._transcribed)
            .on_failure(lambda error: self._fail(error, self.transcribe))
            .run(self._engine)
        )

    def decode(
        self,
        wanted: Mapping[float, Route],
        on_reading: Callable[[Segment, Route], None],
        again: Callable[[], None],
    ) -> None:
        """Hears some segments again.

        Args:
            wanted: the route for each, by its start.
            on_reading: called with the segment as it is now, the new reading among its
                alternatives, and the reading's route.
            again: tries once more.
        """
        chosen = [s for s in self._model.document.segments if s.start_s in wanted]
        if self.busy or not chosen:
            return

        def decoded(index: int, heard: Segment) -> None:
            self._work(Activity.DECODING)
            self.done_s += heard.duration_s
            current, reading = self._model.segment(heard.start_s), heard.decoding(heard.route)
            if current is not None and reading is not None:
                on_reading(current.with_decoding(reading), reading.route)
            self._on_change()

        request = Decode(
            0,
            str(self._model.document.source),
            tuple(chosen),
            tuple(wanted[segment.start_s] for segment in chosen),
            TranscribeOptions(threshold=self._model.threshold),
        )
        self._begin(0.0, sum(segment.duration_s for segment in chosen))
        self._ask = (
            Ask(request)
            .on_segment(decoded)
            .on_success(lambda _: self._end())
            .on_failure(lambda error: self._fail(error, again))
            .run(self._engine)
        )

    def cancel(self) -> None:
        """Stops; what is finished stays."""
        if self._ask is not None:
            self.activity = Activity.STOPPING
            self._ask.cancel()
            self._on_change()

    def _begin(self, done_s: float, total_s: float) -> None:
        self.activity, self.done_s, self.total_s = Activity.WAITING, done_s, total_s
        self.speed.restart()
        self._on_problem(None)

    def _work(self, activity: Activity) -> None:
        if self.activity is Activity.WAITING:
            self.activity = activity

    def _segment_heard(self, index: int, segment: Segment) -> None:
        self._model.put(segment)
        self._model.heard_up_to(self._order.take(index, segment.end_s, self._model.heard_s))

    def _progress(self, progress: Progress) -> None:
        self._work(Activity.TRANSCRIBING)
        self.speed.measure(progress.done_s)
        self.done_s, self.total_s = progress.done_s, progress.total_s or 0.0
        self._model.last_at_least(self.total_s)
        self._on_change()

    def _transcribed(self, finished: Finished) -> None:
        if finished.transcript is not None:
            self._model.finish(finished.transcript)
        self._end()

    def _fail(self, error: WildscribeError, again: Callable[[], None]) -> None:
        details = self._ask.details if self._ask else ""
        self._end()
        if isinstance(error, CancelledError):
            return
        remedies = {Remedy.RETRY: again}
        on_cpu = "cpu" in (self._engine.device, self._engine.settings.device)
        if isinstance(error, EngineError) and not on_cpu:
            remedies[Remedy.RETRY_ON_CPU] = lambda: self._on_cpu(again)
        self._on_problem(Problem(error, remedies, details))

    def _on_cpu(self, again: Callable[[], None]) -> None:
        self._engine.use(replace(self._engine.settings, device="cpu"))
        again()

    def _end(self) -> None:
        self._ask, self.activity = None, Activity.NONE
        self._on_change()
