"""What the window as a whole does: documents come, go and are remembered. Knows no widget."""

from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from app.library import Document, Entry, Library
from app.window.document.model import DocumentModel
from app.window.document.presenter import DocumentPresenter
from app.window.job import Job
from app.window.problem import Problem
from app.window.services import Services
from engine.errors import MissingAudioError, ModelError, StorageError, WildscribeError
from engine.models import located
from engine.transcript import USUAL_THRESHOLD

_LAST_OPENED = "last_opened"


class WindowShowing(Protocol):
    """What the presenter needs of the window."""

    def show_document(self, presenter: DocumentPresenter) -> None:
        """Brings a document to the front."""

    def show_entries(self, entries: list[Entry], current: str | None) -> None:
        """Lists the documents."""

    def report(self, problem: Problem) -> None:
        """Shows an error that belongs to no document."""


class WindowPresenter(QObject):
    """Opens recordings and documents.

    Args:
        library: where documents are kept.
        services: what every document uses.
        parent: owner.
    """

    storage_failed = Signal(StorageError)
    """May be emitted on any thread."""

    def __init__(self, library: Library, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._services = services
        self._view: WindowShowing | None = None
        self._open: dict[str, DocumentPresenter] = {}
        self._current: DocumentPresenter | None = None
        self._wanted: str | None = None
        self.storage_failed.connect(self.report)

    def attach(self, view: WindowShowing) -> None:
        """Shows what was shown last time."""
        self._view = view
        if self._library.damage is not None:
            self.report(self._library.damage)
        entries = self._list()
        last = self.recall(_LAST_OPENED)
        if last is not None and any(entry.id == last for entry in entries):
            self.open_document(last)

    def open_files(self, paths: list[Path]) -> None:
        """Makes a document of each recording and transcribes it; the first one is shown."""
        presenters = []
        for path in paths:
            if path.is_file():
                presenters.append(self.add(path))
            else:
                error = MissingAudioError(f"There is no file {path}.", "", "Choose another one.")
                self.report(error)
        for presenter in presenters:
            presenter.transcribe()
        if presenters:
            self._show(presenters[0])

    def add(self, path: Path) -> DocumentPresenter:
        """A new document for a recording, in the library at once."""
        document = Document.of(path.absolute(), self._threshold())
        self._save(document)
        presenter = self._present(DocumentModel(document))
        self._list()
        return presenter

    def show_recorded(self, path: Path) -> None:
        """A recording has ended: its document is transcribed and shown."""
        for presenter in self._open.values():
            if presenter.model.document.source == path.absolute():
                presenter.transcribe()
                self._show(presenter)

    def open_document(self, document_id: str) -> None:
        """Shows a document of the library, as soon as it is read."""
        self._wanted = document_id
        if (presenter := self._open.get(document_id)) is not None:
            self._show(presenter)
        else:
            Job(lambda: DocumentModel(self._library.load(document_id))).on_success(
                self._show_loaded
            ).on_failure(self.report).run()

    def report(self, error: WildscribeError) -> None:
        """Shows an error that belongs to no document."""
        if self._view is not None:
            self._view.report(Problem(error))

    def close(self) -> None:
        """Stops everything and hands every document to be saved."""
        for presenter in self._open.values():
            presenter.close()

    def silence(self) -> None:
        """Stops playing."""
        if self._current is not None:
            self._current.silence()

    def recall(self, key: str) -> str | None:
        """What was remembered at an earlier start; see `Library.recall`."""
        try:
            return self._library.recall(key)
        except StorageError as error:
            self.report(error)
            return None

    def remember(self, key: str, value: str) -> None:
        """Keeps a small thing until the next start."""
        try:
            self._library.remember(key, value)
        except StorageError as error:
            self.report(error)

    def _threshold(self) -> float:
        """The one that the model's router was made with."""
        try:
            return located(self._services.engine.settings.model).threshold
        except ModelError:  # the engine, which needs more of the model, reports it
            return USUAL_THRESHOLD

    def _present(self, model: DocumentModel) -> DocumentPresenter:
        presenter = DocumentPresenter(model, self._services, self)
        presenter.listed_changed.connect(self._list)
        self._open[model.document.id] = presenter
        return presenter

    def _show_loaded(self, model: DocumentModel) -> None:
        document_id = model.document.id
        presenter = self._open.get(document_id) or self._present(model)
        if document_id == self._wanted:  # nothing else was opened meanwhile
            self._show(presenter)

    def _show(self, presenter: DocumentPresenter) -> None:
        self._wanted = presenter.model.document.id
        if self._current is not presenter:
            self.silence()
        self._current = presenter
        if self._view is not None:
            self._view.show_document(presenter)
        self.remember(_LAST_OPENED, presenter.model.document.id)
        self._list()

    def _save(self, document: Document) -> None:
        try:
            self._library.save(document)
        except StorageError as error:
            self.report(error)

    def _list(self) -> list[Entry]:
        try:
            entries = [self._newest(entry) for entry in self._library.entries()]
        except StorageError as error:
            self.report(error)
            return []
        if self._view is not None:
            current = self._current.model.document.id if self._current else None
            self._view.show_entries(entries, current)
        return entries

    def _newest(self, entry: Entry) -> Entry:
        """An open document may be ahead of what is saved."""
        presenter = self._open.get(entry.id)
        if presenter is None:
            return entry
        document = presenter.model.document
        transcript = document.transcript
        return Entry(
            entry.id, document.title, entry.created_at, transcript.duration_s, transcript.complete
        )
