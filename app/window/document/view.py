"""The document screen: header, error banner, list, inspector."""

from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from app.window.banner import ErrorBanner
from app.window.document.actions import SegmentActions
from app.window.document.header import Header
from app.window.document.inspector import Inspector
from app.window.document.list import SegmentList
from app.window.document.presenter import DocumentPresenter
from app.window.document.rows import SegmentRows
from app.window.document.state import Activity, DocumentState
from app.window.rule import Rule
from engine.export import FORMATS


class DocumentView(QWidget):
    """Shows one document.

    Args:
        presenter: what the screen does.
        parent: owner.
    """

    def __init__(self, presenter: DocumentPresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.presenter = presenter
        self._state: DocumentState | None = None
        self._header = Header()
        self.banner = ErrorBanner()
        self.list = SegmentList(SegmentRows(presenter.model, self))
        self.segment_actions = SegmentActions(self, self.list)
        self._inspector = Inspector(self.segment_actions)
        self._connect()
        self._arrange()
        presenter.attach(self)

    def show_state(self, state: DocumentState) -> None:
        """Shows the state; see `DocumentShowing`."""
        self._state = state
        self._header.show_state(state)
        self.banner.show_problem(state.problem)
        delegate = self.list.delegate
        if (delegate.threshold, delegate.playing_s) != (state.threshold, state.playing_s):
            delegate.threshold, delegate.playing_s = state.threshold, state.playing_s
            self.list.viewport().update()
        self._show_current()

    def reveal(self, start_s: float) -> None:
        """Makes a segment the current one."""
        self.list.reveal(start_s)

    def ask_export(self) -> None:
        """Lets the person choose a file and a format."""
        title = self.presenter.model.document.title
        names = {
            "txt": self.tr("Text"),
            "srt": self.tr("SubRip subtitles"),
            "vtt": self.tr("WebVTT subtitles"),
            "json": self.tr("JSON, complete"),
            "csv": self.tr("Table"),
            "md": self.tr("Markdown"),
        }
        filters = {
            f"{names.get(name, name)} (*{ending})": ending for name, ending in FORMATS.items()
        }
        documents = QStandardPaths.writableLocation(
            QStandardPaths.StandardLocation.DocumentsLocation
        )
        chosen, wanted = QFileDialog.getSaveFileName(
            self,
            self.tr("Export the transcript"),
            str(Path(documents) / f"{title}.txt"),
            ";;".join(filters),
        )
        if chosen:
            path = Path(chosen)
            known = path.suffix.lower() in FORMATS.values()
            self.presenter.export(path if known else path.with_name(path.name + filters[wanted]))

    def _connect(self) -> None:
        presenter, actions, rows = self.presenter, self.segment_actions, self.list
        self._header.export_asked.connect(self.ask_export)
        self._header.continue_asked.connect(presenter.transcribe)
        self._header.cancel_asked.connect(presenter.cancel)
        self._header.decode_asked.connect(presenter.decode_pending)
        self._header.threshold_moved.connect(presenter.move_threshold)
        self.banner.dismissed.connect(presenter.dismiss_problem)
        rows.current_changed.connect(self._show_current)
        rows.delegate.listen.connect(presenter.listen)
        rows.delegate.edited.connect(presenter.edit)
        actions.listen.triggered.connect(lambda: rows.with_current(presenter.listen))
        actions.other.triggered.connect(lambda: rows.with_current(presenter.try_other_route))
        actions.follow.triggered.connect(lambda: rows.with_current(presenter.follow_router))
        actions.edit.triggered.connect(rows.edit_current)
        actions.copy.triggered.connect(self._copy)
        actions.next.triggered.connect(lambda: rows.step(forward=True))
        actions.previous.triggered.connect(lambda: rows.step(forward=False))
        actions.suspect.triggered.connect(self._next_suspect)
        while_editing = QShortcut(QKeySequence("Ctrl+Space"), self)
        while_editing.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        while_editing.activated.connect(actions.listen.trigger)

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._header)
        layout.addWidget(self.banner)
        layout.addWidget(Rule())
        layout.addWidget(self.list, 1)
        layout.addWidget(self._inspector)

    def _show_current(self) -> None:
        segment, state, model = self.list.current, self._state, self.presenter.model
        if state is None:
            return
        pending = model.pending.get(segment.start_s) if segment else None
        self._inspector.show_segment(segment, state.threshold, pending)
        self.segment_actions.show_for(
            segment,
            pending,
            busy=state.activity is not Activity.NONE,
            playing=segment is not None and segment.start_s == state.playing_s,
        )
        self.segment_actions.suspect.setEnabled(state.suspects > 0)

    def _copy(self) -> None:
        if (segment := self.list.current) is not None:
            QGuiApplication.clipboard().setText(segment.text)

    def _next_suspect(self) -> None:
        segment = self.list.current
        self.presenter.reveal_suspect(segment.start_s if segment else -1.0)
