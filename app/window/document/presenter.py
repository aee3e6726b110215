"""What the document screen does. Knows no widget."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from app.client import Ask
from app.window.document.commands import MoveThreshold, Rewrite
from app.window.document.listening import Listening
from app.window.document.model import DocumentModel
from app.window.document.pace import Order, Speed
from app.window.document.state import Activity, DocumentShowing, DocumentState
from app.window.job import Job
from app.window.problem import Problem, Remedy
from app.window.services import Services
from engine.decide import reset
from engine.errors import CancelledError, EngineError, WildscribeError
from engine.export import write
from engine.options import Progress, TranscribeOptions
from engine.protocol import Decode, Finished, Transcribe
from engine.transcript import DecidedBy, Route, Segment

SETTLE_MS = 30
"""A burst of segments is saved and shown once, not segment by segment."""


class DocumentPresenter(QObject):
    """Turns what the person does into requests and changes, and what happens into a state.

    Args:
        model: the document to show.
        services: engine, saving and sound.
        parent: owner.
    """

    listed_changed = Signal()
    """What the list of documents shows of this one is different."""

    def __init__(
        self, model: DocumentModel, services: Services, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.model = model
        self.undo_stack = QUndoStack(self)
        self._services = services
        self._view: DocumentShowing | None = None
        self._listening = Listening(services.player, self._update, self._report)
        self._ask: Ask | None = None
        self._activity = Activity.NONE
        self._done_s = self._total_s = 0.0
        self._speed = Speed()
        self._order = Order()
        self._listed: tuple[object, ...] = ()
        self._settling = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settling.timeout.connect(self._settle)
        self.model.subscribe(lambda change: self._settling.start())

    def attach(self, view: DocumentShowing) -> None:
        """Shows everything in a view."""
        self._view = view
        self._update()

    # -- hearing -----------------------------------------------------------------------------

    def transcribe(self) -> None:
        """Hears the recording, or goes on where it stopped."""
        if self._ask is not None:
            return
        document = self.model.document
        options = TranscribeOptions(threshold=self.model.threshold, start_s=document.heard_s)
        self._order = Order()
        self._begin(document.heard_s, document.transcript.duration_s)
        self._ask = (
            Ask(Transcribe(0, str(document.source), options))
            .on_segment(self._segment_heard)
            .on_non_speech(self.model.put)
            .on_progress(self._progress)
            .on_success(self._transcribed)
            .on_failure(self._transcription_failed)
            .run(self._services.engine)
        )
        self._update()

    def decode_pending(self) -> None:
        """Hears again what the threshold has moved to the other route."""
        self._decode(self.model.pending, self._decoded_pending, self.decode_pending)

    def cancel(self) -> None:
        """Stops what the engine does for this document; what is finished stays."""
        if self._ask is not None:
            self._activity = Activity.STOPPING
            self._ask.cancel()
            self._update()

    # -- editing -----------------------------------------------------------------------------

    def move_threshold(self, threshold: float) -> None:
        """Decides every segment again."""
        if threshold != self.model.threshold:
            label = self.tr("Move the threshold")
            self.undo_stack.push(MoveThreshold(self.model, label, threshold))

    def edit(self, start_s: float, text: str) -> None:
        """The person's own text for a segment."""
        segment = self.model.segment(start_s)
        if segment is not None and text != segment.text:
            label = self.tr("Edit the text")
            self.undo_stack.push(Rewrite(self.model, label, segment, segment.rewritten(text)))

    def try_other_route(self, start_s: float) -> None:
        """Shows the other route's reading of a segment; has it made first when there is none."""
        segment = self.model.segment(start_s)
        if segment is None:
            return
        if segment.decoding(segment.route.other) is not None:
            self._choose(segment, segment.route.other)
        else:
            wanted = {start_s: segment.route.other}
            self._decode(wanted, self._decoded_other, lambda: self.try_other_route(start_s))

    def follow_router(self, start_s: float) -> None:
        """Takes back the person's choice of a route."""
        segment = self.model.segment(start_s)
        if segment is not None and segment.decided_by is DecidedBy.USER:
            label = self.tr("Follow the router again")
            self.undo_stack.push(Rewrite(self.model, label, segment, reset(segment)))

    # -- hearing it oneself ------------------------------------------------------------------

    def listen(self, start_s: float) -> None:
        """Plays a segment, or stops it when it is playing."""
        segment = self.model.segment(start_s)
        if segment is not None:
            self._listening.toggle(self.model.document.source, segment)

    def silence(self) -> None:
        """Stops playing."""
        self._listening.stop()

    # -- taking it elsewhere -----------------------------------------------------------------

    def export(self, path: Path) -> None:
        """Writes the transcript to a file; its ending says in which format."""
        transcript = self.model.document.transcript
        Job(lambda: write(transcript, path)).on_failure(self._report).run()

    def reveal_suspect(self, after_s: float) -> None:
        """Makes the next suspicious segment the current one, from the top when there is none."""
        suspects = [s.start_s for s in self.model.document.segments if s.flags]
        later = [start_s for start_s in suspects if start_s > after_s]
        if self._view is not None and suspects:
            self._view.reveal((later or suspects)[0])

    # -- what comes back ---------------------------------------------------------------------

    def _begin(self, done_s: float, total_s: float) -> None:
        self._activity, self._done_s, self._total_s = Activity.WAITING, done_s, total_s
        self._speed.restart()
        if self._view is not None:
            self._view.clear_problem()

    def _works_at(self, activity: Activity) -> None:
        if self._activity is Activity.WAITING:
            self._activity = activity

    def _segment_heard(self, index: int, segment: Segment) -> None:
        self.model.put(segment)
        self.model.heard_up_to(self._order.take(index, segment.end_s, self.model.heard_s))

    def _progress(self, progress: Progress) -> None:
        self._works_at(Activity.TRANSCRIBING)
        self._speed.measure(progress.done_s)
        self._done_s = progress.done_s
        self._total_s = progress.total_s or 0.0
        self.model.last_at_least(self._total_s)
        self._settling.start()

    def _transcribed(self, finished: Finished) -> None:
        self._end()
        if finished.transcript is not None:
            self.model.finish(finished.transcript)
        self._settling.start()

    def _transcription_failed(self, error: WildscribeError) -> None:
        self._failed(error, self.transcribe)

    def _decode(
        self,
        wanted: Mapping[float, Route],
        on_segment: Callable[[Segment], None],
        again: Callable[[], None],
    ) -> None:
        chosen = [s for s in self.model.document.segments if s.start_s in wanted]
        if self._ask is not None or not chosen:
            return

        def decoded(index: int, segment: Segment) -> None:
            self._works_at(Activity.DECODING)
            self._done_s += segment.duration_s
            on_segment(segment)

        request = Decode(
            0,
            str(self.model.document.source),
            tuple(chosen),
            tuple(wanted[segment.start_s] for segment in chosen),
            TranscribeOptions(threshold=self.model.threshold),
        )
        self._begin(0.0, sum(segment.duration_s for segment in chosen))
        self._ask = (
            Ask(request)
            .on_segment(decoded)
            .on_success(lambda _: self._end())
            .on_failure(lambda error: self._failed(error, again))
            .run(self._services.engine)
        )
        self._update()

    def _decoded_pending(self, segment: Segment) -> None:
        """Stores it; whether to show it, the threshold says, which may have moved since."""
        if stored := self._stored(segment):
            self.model.rewrite([stored])

    def _decoded_other(self, segment: Segment) -> None:
        if stored := self._stored(segment):
            self._choose(stored, segment.route)

    def _stored(self, heard: Segment) -> Segment | None:
        current, decoding = self.model.segment(heard.start_s), heard.decoding(heard.route)
        return current.with_decoding(decoding) if current and decoding else None

    def _choose(self, segment: Segment, route: Route) -> None:
        after = segment.choosing(route, DecidedBy.USER)
        self.undo_stack.push(Rewrite(self.model, self.tr("Try the other route"), segment, after))

    def _failed(self, error: WildscribeError, again: Callable[[], None]) -> None:
        details = self._ask.details if self._ask else ""
        self._end()
        if isinstance(error, CancelledError):
            return
        remedies = {Remedy.RETRY: again}
        on_cpu = "cpu" in (self._services.engine.device, self._services.engine.settings.device)
        if isinstance(error, EngineError) and not on_cpu:
            remedies[Remedy.RETRY_ON_CPU] = lambda: self._on_cpu(again)
        self._report(error, remedies, details)

    def _on_cpu(self, again: Callable[[], None]) -> None:
        engine = self._services.engine
        engine.use(replace(engine.settings, device="cpu"))
        again()

    def _end(self) -> None:
        self._ask, self._activity = None, Activity.NONE
        self._update()

    # -- telling -----------------------------------------------------------------------------

    def close(self) -> None:
        """Stops what it does and saves what it has."""
        self.silence()
        self.cancel()
        self._view = None
        self._settle()

    def _settle(self) -> None:
        """After a burst of changes: saves, shows and tells once."""
        self._settling.stop()
        document = self.model.document
        self._services.autosave.put(document)
        self._update()
        listed = document.title, document.transcript.duration_s, document.transcript.complete
        if listed != self._listed:
            self._listed = listed
            self.listed_changed.emit()

    def _report(
        self,
        error: WildscribeError,
        remedies: Mapping[Remedy, Callable[[], None]] | None = None,
        details: str = "",
    ) -> None:
        if self._view is not None:
            self._view.report(Problem(error, remedies or {}, details))

    def _update(self) -> None:
        if self._view is not None:
            self._view.show_state(self.state)

    @property
    def state(self) -> DocumentState:
        """What the view shows now."""
        document = self.model.document
        transcript = document.transcript
        pending = [s for s in document.segments if s.start_s in self.model.pending]
        audio_s = sum(segment.duration_s for segment in pending)
        return DocumentState(
            title=document.title,
            duration_s=transcript.duration_s,
            heard_s=document.heard_s,
            complete=transcript.complete,
            segments=len(document.segments),
            suspects=sum(bool(segment.flags) for segment in document.segments),
            robust_share=transcript.robust_share,
            threshold=transcript.threshold,
            activity=self._activity,
            done_s=self._done_s,
            total_s=self._total_s,
            pending=len(pending),
            pending_about_s=self._speed.time_for(audio_s),
            playing_s=self._listening.start_s,
            warnings=transcript.warnings,
        )
