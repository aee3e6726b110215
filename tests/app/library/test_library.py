"""The library: what was saved comes back, whatever happened in between."""

import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.library import Document, Library
from app.library.schema import MIGRATIONS
from engine.errors import StorageError
from engine.transcript import Decoding, Flag, NonSpeech, NonSpeechKind, Route, Segment


def segment(start_s: float, text: str = "hello") -> Segment:
    base = Decoding(Route.BASE, text, "English", 0.9, (Flag.TRUNCATED,), f"language English{text}")
    return Segment(start_s, start_s + 1.5, text, degraded_probability=0.25, alternatives=(base,))


def document(*segments: Segment) -> Document:
    whole = Document.of(Path("/recordings/talk.wav")).with_segments(segments)
    pause = NonSpeech(9.0, 10.0, NonSpeechKind.SILENCE)
    transcript = replace(
        whole.transcript, duration_s=10.0, non_speech=(pause,), warnings=("cut off",), model="mini"
    )
    return replace(whole, transcript=transcript, heard_s=4.5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "library.sqlite"


@pytest.fixture
def library(path: Path) -> Iterator[Library]:
    library = Library(path)
    yield library
    library.close()


def reopened(path: Path, document_id: str) -> Document:
    library = Library(path)
    try:
        return library.load(document_id)
    finally:
        library.close()


def test_a_document_comes_back_whole(library: Library, path: Path) -> None:
    saved = document(segment(0.0), segment(1.5).rewritten("mine 你好 \N{GRINNING FACE}"))
    library.save(saved)
    assert reopened(path, saved.id) == saved


def test_only_the_difference_is_written_and_nothing_stays_behind(
    library: Library, path: Path
) -> None:
    first = document(segment(0.0), segment(1.5), segment(3.0))
    library.save(first)
    second = first.with_segments((first.segments[0], segment(1.5, "changed"), segment(4.0)))
    library.save(second)
    assert reopened(path, first.id) == second


def test_a_document_loaded_and_saved_by_another_library_loses_nothing(
    library: Library, path: Path
) -> None:
    saved = document(segment(0.0), segment(1.5))
    library.save(saved)
    other = Library(path)
    loaded = other.load(saved.id)
    changed = loaded.with_segments((*loaded.segments, segment(3.0)))
    other.save(changed)
    other.close()
    assert library.load(saved.id) == changed


def test_paths_and_texts_that_are_no_unicode_are_kept(library: Library, path: Path) -> None:
    source = Path(os.fsdecode(b"/recordings/caf\xe9.wav"))
    saved = Document.of(source).with_segments((segment(0.0, "half a pair: \ud83d"),))
    library.save(saved)
    loaded = reopened(path, saved.id)
    assert loaded.source == source
    assert loaded.segments == saved.segments


def test_the_newest_document_is_listed_first(library: Library) -> None:
    first, second = document(), replace(document(), title="second")
    library.save(first)
    library.save(second)
    assert [entry.id for entry in library.entries()] == [second.id, first.id]
    assert library.entries()[0].title == "second"


def test_small_things_are_remembered(library: Library, path: Path) -> None:
    assert library.recall("last opened") is None
    library.remember("last opened", "first")
    library.remember("last opened", "second")
    library.close()
    again = Library(path)
    assert again.recall("last opened") == "second"
    again.close()


@pytest.mark.parametrize("damage", ["no database at all" * 100, "SQLite format 3\0" + "?" * 5000])
def test_a_damaged_library_is_set_aside_and_a_new_one_begun(path: Path, damage: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(damage)
    library = Library(path)
    assert library.damage is not None
    assert library.entries() == []
    (aside,) = path.parent.glob("library-damaged-*.sqlite")
    assert aside.read_text() == damage
    assert str(aside) in library.damage.safe
    library.close()


def test_pages_overwritten_inside_the_file_are_noticed(library: Library, path: Path) -> None:
    library.save(document(*(segment(1.5 * i, f"text {i}" * 50) for i in range(300))))
    library.close()
    with path.open("r+b") as file:
        file.seek(4096 * 8)
        file.write(os.urandom(4096 * 4))
    again = Library(path)
    assert again.damage is not None
    again.close()


def test_a_library_of_a_newer_version_is_left_alone(path: Path, library: Library) -> None:
    library.close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="newer version"):
        Library(path)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError, match="could not be read or written"):
        Library(tmp_path / "file" / "library.sqlite")


def test_a_document_that_is_gone_is_a_typed_error(library: Library) -> None:
    with pytest.raises(StorageError, match="not in the library"):
        library.load("gone")


def test_a_process_killed_in_the_middle_loses_nothing_that_was_saved(path: Path) -> None:
    script = """
        import os, sys
        from pathlib import Path
        from tests.app.library.test_library import Library, document, segment
        library = Library(Path(sys.argv[1]))
        whole = document()
        for i in range(50):
            whole = whole.with_segments((*whole.segments, segment(float(i))))
            library.save(whole)
        print(whole.id, flush=True)
        os.kill(os.getpid(), 9)
    """
    repository = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(path)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0, done.stderr
    assert len(reopened(path, done.stdout.strip()).segments) == 50
