"""Saving in the background: the newest state of each document, as fast as the disk can."""

import threading
from collections.abc import Callable

from app.library.document import Document
from app.library.library import Library
from engine.errors import StorageError


class Autosave:
    """Writes documents on a thread of its own, so that the window never waits for the disk.

    What arrives while a write runs goes into the next one, and only its newest state: a slow disk
    makes for larger steps, not for a queue.

    Args:
        library: where to.
        on_error: called on the saving thread when a write failed. The document is kept and
            written together with the next one.
    """

    def __init__(self, library: Library, on_error: Callable[[StorageError], None]) -> None:
        self._library = library
        self._on_error = on_error
        self._waiting: dict[str, Document] = {}
        self._failed: dict[str, Document] = {}
        self._busy = False
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="autosave", daemon=True)
        self._thread.start()

    def put(self, document: Document) -> None:
        """Takes the newest state of a document; returns at once."""
        with self._changed:
            self._waiting = self._failed | self._waiting | {document.id: document}
            self._failed = {}
            self._changed.notify_all()

    def flush(self) -> None:
        """Waits until everything put so far is written, or has failed."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._busy)

    def close(self) -> None:
        """Writes what is left and ends the thread."""
        with self._changed:
            self._waiting = self._failed | self._waiting
            self._failed = {}
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                batch, self._waiting = self._waiting, {}
                self._busy = True
            for document in batch.values():
                self._write(document)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _write(self, document: Document) -> None:
        try:
            self._library.save(document)
        except StorageError as error:
            with self._changed:
                self._failed[document.id] = document
            self._on_error(error)
        else:
            with self._changed:
                self._failed.pop(document.id, None)
