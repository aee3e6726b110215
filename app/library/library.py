"""The library: documents in one SQLite file."""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

from app.library.document import Document
from app.library.schema import migrate
from engine.errors import StorageError
from engine.transcript import Segment, Transcript

_SEGMENT = TypeAdapter(Segment)
_TRANSCRIPT = TypeAdapter(Transcript)


@dataclass(frozen=True, slots=True)
class Entry:
    """A document in the list. ``duration_s`` is 0 while it is unknown."""

    id: str
    title: str
    created_at: datetime
    duration_s: float
    complete: bool


class Library:
    """Documents on disk. Every change is on disk when the method returns; any thread may call.

    A damaged file is set aside, never deleted, and a new one is begun: see `damage`.

    Args:
        path: the SQLite file; it and its folder are made when they are missing.

    Raises:
        StorageError: it cannot be opened or written, or a newer Wildscribe made it.
    """

    def __init__(self, path: Path) -> None:
        self.damage: StorageError | None = None
        self._path = path
        self._lock = threading.Lock()
        self._saved: dict[str, Document] = {}
        with _typed_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = _connect(path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self.damage = _set_aside(path)
                self._connection = _connect(path)

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()

    def entries(self) -> list[Entry]:
        """All documents, the newest first."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT id, title, created_at, duration_s, complete FROM documents"
                " ORDER BY created_at DESC, rowid DESC"
            ).fetchall()
        return [
            Entry(id_, title, datetime.fromisoformat(created_at), duration_s, bool(complete))
            for id_, title, created_at, duration_s, complete in rows
        ]

    def load(self, document_id: str) -> Document:
        """One document, whole.

        Raises:
            StorageError: there is no such document, or it cannot be read.
        """
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT title, source, created_at, heard_s, details FROM documents WHERE id = ?",
                (document_id,),
            ).fetchone()
            segments = connection.execute(
                "SELECT details FROM segments WHERE document_id = ? ORDER BY start_s",
                (document_id,),
            ).fetchall()
            if row is None:
                raise StorageError("This document is not in the library any more.")
            title, source, created_at, heard_s, details = row
            transcript = replace(
                _TRANSCRIPT.validate_python(json.loads(details)),
                source=os.fsdecode(source),
                segments=tuple(_SEGMENT.validate_python(json.loads(text)) for (text,) in segments),
            )
            created = datetime.fromisoformat(created_at)
            document = Document(document_id, title, created, transcript, heard_s)
            self._saved[document_id] = document
        return document

    def save(self, document: Document) -> None:
        """Writes what has changed since this document was last saved or loaded.

        Raises:
            StorageError: the disk is full or cannot be written; the older state is still there.
        """
        before = self._saved.get(document.id)
        saved = {segment.start_s: segment for segment in before.segments} if before else {}
        changed = [s for s in document.segments if saved.pop(s.start_s, None) is not s]
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
                " SET title = excluded.title, source = excluded.source,"
                " heard_s = excluded.heard_s, duration_s = excluded.duration_s,"
                " complete = excluded.complete, details = excluded.details",
                _row(document),
            )
            connection.executemany(
                "DELETE FROM segments WHERE document_id = ? AND start_s = ?",
                [(document.id, start_s) for start_s in saved],
            )
            connection.executemany(
                "INSERT OR REPLACE INTO segments VALUES (?, ?, ?, ?)",
                [
                    (document.id, s.start_s, _unicode(s.text), json.dumps(_SEGMENT.dump_python(s)))
                    for s in changed
                ],
            )
        self._saved[document.id] = document

    def recall(self, key: str) -> str | None:
        """What was remembered under a key."""
        with self._transaction() as connection:
            row = connection.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def remember(self, key: str, value: str) -> None:
        """Keeps a small thing until the next start."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (key, value))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _typed_errors(), self._connection as connection:
            yield connection


def _connect(path: Path) -> sqlite3.Connection:
    # Threads take turns by the library's own lock.
    connection = sqlite3.connect(path, check_same_thread=False)
    with ExitStack() as on_failure:
        on_failure.callback(connection.close)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        migrate(connection)
        on_failure.pop_all()
    return connection


def _set_aside(path: Path) -> StorageError:
    moment = datetime.now().strftime("%Y-%m-%d-%H%M%S-%f")
    aside = path.with_name(f"{path.stem}-damaged-{moment}{path.suffix}")
    for ending in ("", "-wal", "-shm"):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return StorageError(
        "The library is damaged and could not be opened.",
        f"It was kept as {aside}; your recordings are where they were.",
        "Work goes on in a new library; open your recordings again to transcribe them.",
    )


def _row(document: Document) -> tuple[object, ...]:
    transcript = document.transcript
    return (
        document.id,
        _unicode(document.title),
        os.fsencode(transcript.source),
        document.created_at.isoformat(),
        document.heard_s,
        transcript.duration_s,
        transcript.complete,
        json.dumps(_TRANSCRIPT.dump_python(replace(transcript, source="", segments=()))),
    )


def _unicode(text: str) -> str:
    """SQLite refuses half a surrogate pair, which a paste can bring."""
    return text.encode("utf-8", "replace").decode()


@contextmanager
def _typed_errors() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, ValueError) as error:
        raise StorageError(
            f"The library could not be read or written: {error}.",
            "What was saved before is still there.",
            "Check that the disk has space and that you may write to it, then try again.",
        ) from error
