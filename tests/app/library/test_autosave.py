"""Saving in the background."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.library import Autosave, Document, Library
from engine.errors import StorageError
from engine.transcript import Segment


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path / "library.sqlite")
    yield library
    library.close()


def test_the_newest_state_is_written(library: Library) -> None:
    autosave = Autosave(library, on_error=_unexpected)
    document = Document.of(Path("talk.wav"))
    for i in range(200):
        document = document.with_segments((*document.segments, Segment(float(i), i + 1.0)))
        autosave.put(document)
    autosave.flush()
    assert library.load(document.id) == document
    autosave.close()


def test_closing_writes_what_is_left(library: Library) -> None:
    autosave = Autosave(library, on_error=_unexpected)
    documents = [Document.of(Path(f"{i}.wav")) for i in range(20)]
    for document in documents:
        autosave.put(document)
    autosave.close()
    assert {entry.id for entry in library.entries()} == {document.id for document in documents}


class FullDisk(Library):
    """A library whose disk is full until it is not."""

    full = True

    def save(self, document: Document) -> None:
        if self.full:
            raise StorageError("The disk is full.")
        super().save(document)


def test_what_could_not_be_written_is_written_with_the_next(tmp_path: Path) -> None:
    library = FullDisk(tmp_path / "library.sqlite")
    errors: list[StorageError] = []
    autosave = Autosave(library, on_error=errors.append)
    first, second = Document.of(Path("first.wav")), Document.of(Path("second.wav"))
    autosave.put(first)
    autosave.flush()
    assert [error.what for error in errors] == ["The disk is full."]
    library.full = False
    autosave.put(second)
    autosave.flush()
    assert {entry.id for entry in library.entries()} == {first.id, second.id}
    newer = replace(first, title="newer")
    autosave.put(newer)
    autosave.close()
    assert library.load(first.id) == newer
    library.close()


def _unexpected(error: StorageError) -> None:
    raise AssertionError(error)
