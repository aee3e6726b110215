"""The main window: rail, screens, menus, status bar."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QUndoGroup,
    QUndoStack,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QMainWindow,
    QMenu,
    QMessageBox,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.library import Entry
from app.paths import sample
from app.window.banner import ErrorBanner
from app.window.document.presenter import DocumentPresenter
from app.window.document.view import DocumentView
from app.window.icons import icon
from app.window.presenter import WindowPresenter
from app.window.problem import Problem
from app.window.rail import Rail
from app.window.record.presenter import RecordPresenter
from app.window.record.view import RecordView
from app.window.start import StartView
from app.window.theme import Appearance, choose, sizes
from engine.errors import WildscribeError
from engine.protocol import Hello

_SIZE_PX = (1120, 740)
_APPEARANCE = "appearance"


class Shell(QMainWindow):
    """Holds the screens and says what the person did.

    Args:
        presenter: what the window does.
        recorder: what the recording screen does.
    """

    def __init__(self, presenter: WindowPresenter, recorder: RecordPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._recorder = recorder
        self._views: dict[DocumentPresenter, DocumentView] = {}
        self._undo = QUndoGroup(self)
        self._no_undo = QUndoStack(self._undo)
        self.banner = ErrorBanner()
        self.rail = Rail()
        self.start = StartView()
        self.record = RecordView(recorder)
        self._stack = QStackedWidget()
        self._device = QLabel()
        self._model = QLabel()
        self.setWindowTitle("Wildscribe")
        self.setAcceptDrops(True)
        self.resize(*_SIZE_PX)
        self._arrange()
        self._make_menus()
        self._connect()
        choose(Appearance(presenter.recall(_APPEARANCE) or Appearance.SYSTEM))
        presenter.attach(self)

    @property
    def document(self) -> DocumentView | None:
        """The document that is shown."""
        view = self._stack.currentWidget()
        return view if isinstance(view, DocumentView) else None

    def show_document(self, presenter: DocumentPresenter) -> None:
        """Brings a document to the front; see `WindowShowing`."""
        view = self._views.get(presenter)
        if view is None:
            view = self._views[presenter] = DocumentView(presenter)
            self._undo.addStack(presenter.undo_stack)
            self._stack.addWidget(view)
        self._bring(view)
        view.list.setFocus()

    def show_entries(self, entries: list[Entry], current: str | None) -> None:
        """Lists the documents."""
        self.rail.show_entries(entries, current if self.document else None)

    def report(self, problem: Problem) -> None:
        """Shows an error that belongs to no document."""
        self.banner.show_problem(problem)

    def show_engine(self, hello: Hello) -> None:
        """Which model runs where, and why."""
        self._device.setText(hello.reason)
        model = hello.model
        if model == "mini":
            model = self.tr("mini, for demonstration: understands synthetic English")
        self._model.setText(self.tr("Model: {model}").format(model=model))

    def show_engine_problem(self, error: WildscribeError) -> None:
        """The engine is not there; it starts again with the next request."""
        self._device.setText(error.what)

    def open_files(self) -> None:
        """Lets the person choose recordings."""
        chosen, _ = QFileDialog.getOpenFileNames(self, self.tr("Open recordings"))
        self._presenter.open_files([Path(path) for path in chosen])

    def show_record(self) -> None:
        """The recording screen; when something is recorded already, stops it."""
        if self._recorder.recording:
            self._recorder.stop()
            return
        self._presenter.silence()
        self._bring(self.record)
        self._recorder.refresh()

    def try_sample(self) -> None:
        """Transcribes the recording that ships with Wildscribe."""
        if (path := sample()) is not None:
            self._presenter.open_files([path])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Files are welcome."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Opens what was dropped."""
        urls = event.mimeData().urls()
        self._presenter.open_files([Path(u.toLocalFile()) for u in urls if u.isLocalFile()])

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Saves everything first, also a text that is being written."""
        self.setFocus()
        self._recorder.close()
        self._presenter.close()
        super().closeEvent(event)

    def _bring(self, screen: QWidget) -> None:
        self._stack.setCurrentWidget(screen)
        view = self.document
        self._export.setEnabled(view is not None)
        self._segment_menu.clear()
        self._segment_menu.setEnabled(view is not None)
        if view is not None:
            self._undo.setActiveStack(view.presenter.undo_stack)
            self._segment_menu.addActions(view.segment_actions.all)
            title = view.presenter.model.document.title
            self.setWindowTitle(self.tr("{title} - Wildscribe").format(title=title))
        else:
            self._undo.setActiveStack(self._no_undo)
            self.setWindowTitle("Wildscribe")
            self.rail.mark(None)

    def _connect(self) -> None:
        for screen in (self.rail, self.start):
            screen.open_asked.connect(self.open_files)
            screen.record_asked.connect(self.show_record)
        self.start.sample_asked.connect(self.try_sample)
        self.rail.chosen.connect(self._presenter.open_document)
        self._recorder.began.connect(self._presenter.add)
        self._recorder.finished.connect(self._presenter.show_recorded)
        self._recorder.interrupted.connect(self._presenter.report)

    def _arrange(self) -> None:
        self._stack.addWidget(self.start)
        self._stack.addWidget(self.record)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self._stack, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.rail)
        splitter.addWidget(right)
        splitter.setStretchFactor(1, 1)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(1)
        splitter.setSizes([sizes().rail_px, _SIZE_PX[0] - sizes().rail_px])
        self.setCentralWidget(splitter)
        unit = sizes().unit_px
        self.statusBar().setContentsMargins(unit, 0, unit, 0)
        self.statusBar().addWidget(self._device, 1)
        self.statusBar().addPermanentWidget(self._model)
        self.statusBar().setSizeGripEnabled(False)

    def _make_menus(self) -> None:
        bar = self.menuBar()
        file = bar.addMenu(self.tr("&File"))
        self._add(file, self.tr("&Open…"), "Ctrl+O", self.open_files, "open")
        self._add(file, self.tr("&Record"), "Ctrl+R", self.show_record, "record")
        self._add(file, self.tr("Try the &sample"), "", self.try_sample, "sample")
        file.addSeparator()
        self._export = self._add(file, self.tr("&Export…"), "Ctrl+E", self._ask_export, "export")
        file.addSeparator()
        self._add(file, self.tr("&Quit"), "Ctrl+Q", self.close)
        edit = bar.addMenu(self.tr("&Edit"))
        undo = self._undo.createUndoAction(self, self.tr("Undo:"))
        undo.setShortcut(QKeySequence.StandardKey.Undo)
        redo = self._undo.createRedoAction(self, self.tr("Redo:"))
        redo.setShortcut(QKeySequence.StandardKey.Redo)
        edit.addActions([undo, redo])
        self._segment_menu = bar.addMenu(self.tr("&Segment"))
        view = bar.addMenu(self.tr("&View"))
        rail = self._add(view, self.tr("&Documents"), "F9", lambda: None)
        rail.setCheckable(True)
        rail.setChecked(True)
        rail.toggled.connect(self.rail.setVisible)
        self._add(view, self.tr("&Full screen"), "F11", self._toggle_full_screen)
        self._make_appearance_menu(view.addMenu(self.tr("&Appearance")))
        help_ = bar.addMenu(self.tr("&Help"))
        self._add(help_, self.tr("&About Wildscribe"), "", self._about)

    def _make_appearance_menu(self, menu: QMenu) -> None:
        group = QActionGroup(self)
        chosen = self._presenter.recall(_APPEARANCE) or Appearance.SYSTEM
        for appearance, text in (
            (Appearance.SYSTEM, self.tr("As the &system")),
            (Appearance.LIGHT, self.tr("&Light")),
            (Appearance.DARK, self.tr("&Dark")),
        ):
            action = QAction(text, group, checkable=True, checked=appearance == chosen)
            action.triggered.connect(lambda _=False, choice=appearance: self._appear(choice))
            menu.addAction(action)

    def _appear(self, appearance: Appearance) -> None:
        choose(appearance)
        self._presenter.remember(_APPEARANCE, appearance)

    def _add(
        self, menu: QMenu, text: str, key: str, do: object, sign: str | None = None
    ) -> QAction:
        action = QAction(text, self)
        if key:
            action.setShortcut(QKeySequence(key))
        if sign:
            action.setIcon(icon(sign))
        action.triggered.connect(do)
        menu.addAction(action)
        return action

    def _ask_export(self) -> None:
        if self.document is not None:
            self.document.ask_export()

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _about(self) -> None:
        QMessageBox.about(
            self,
            self.tr("About Wildscribe"),
            self.tr(
                "Wildscribe transcribes recordings on this computer. A router judges every stretch "
                "of speech and sends it to the model that hears it better; you see which and why, "
                "and you can overrule it.\n\nNothing is sent anywhere."
            ),
        )
