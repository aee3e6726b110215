"""What the document screen does. Knows no widget."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from app.window.document.commands import MoveThreshold, Rewrite
from app.window.document.hearing import Hearing
from app.window.document.listening import Listening
from app.window.document.model import DocumentModel
from app.window.document.state import DocumentShowing, DocumentState
from app.window.job import Job
from app.window.problem import Problem
from app.window.services import Services
from engine.decide import reset
from engine.errors import WildscribeError
from engine.export import write
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
        self._problem: Problem | None = None
        self._listed: tuple[object, ...] = ()
        self._settling = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settling.timeout.connect(self._settle)
        self._hearing = Hearing(model, services.engine, self._settling.start, self._show_problem)
        self._listening = Listening(services.player, self._update, self._report)
        model.subscribe(lambda change: self._settling.start())

    def attach(self, view: DocumentShowing) -> None:
        """Shows everything in a view."""
        self._view = view
        self._update()

    def close(self) -> None:
        """Stops what it does and saves what it has."""
        self.silence()
        self.cancel()
        self._view = None
        self._settle()

    def transcribe(self) -> None:
        """Hears the recording, or goes on where it stopped."""
        self._hearing.transcribe()

    def decode_pending(self) -> None:
        """Hears again what the threshold has moved to the other route."""
        # Whether to show a reading, the threshold says, which may have moved before it comes.
        self._hearing.decode(
            self.model.pending, lambda stored, _: self.model.rewrite([stored]), self.decode_pending
        )

    def cancel(self) -> None:
        """Stops what the engine does for this document; what is finished stays."""
        self._hearing.cancel()

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
        route = segment.route.other
        if segment.decoding(route) is not None:
            self._choose(segment, route)
        else:
            self._hearing.decode(
                {start_s: route}, self._choose, lambda: self.try_other_route(start_s)
            )

    def follow_router(self, start_s: float) -> None:
        """Takes back the person's choice of a route."""
        segment = self.model.segment(start_s)
        if segment is not None and segment.decided_by is DecidedBy.USER:
            label = self.tr("Follow the router again")
            self.undo_stack.push(Rewrite(self.model, label, segment, reset(segment)))

    def listen(self, start_s: float) -> None:
        """Plays a segment, or stops it when it is playing."""
        segment = self.model.segment(start_s)
        if segment is not None:
            self._listening.toggle(self.model.document.source, segment)

    def silence(self) -> None:
        """Stops playing."""
        self._listening.stop()

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

    def dismiss_problem(self) -> None:
        """The person has read it."""
        self._show_problem(None)

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
            activity=self._hearing.activity,
            done_s=self._hearing.done_s,
            total_s=self._hearing.total_s,
            pending=len(pending),
            pending_about_s=self._hearing.speed.time_for(audio_s),
            playing_s=self._listening.start_s,
            warnings=transcript.warnings,
            problem=self._problem,
        )

    def _choose(self, segment: Segment, route: Route) -> None:
        after = segment.choosing(route, DecidedBy.USER)
        self.undo_stack.push(Rewrite(self.model, self.tr("Try the other route"), segment, after))

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

    def _report(self, error: WildscribeError) -> None:
        self._show_problem(Problem(error))

    def _show_problem(self, problem: Problem | None) -> None:
        self._problem = problem
        self._update()

    def _update(self) -> None:
        if self._view is not None:
            self._view.show_state(self.state)
