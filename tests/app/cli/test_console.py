"""What is drawn, and where."""

import errno
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.console import Console, clock_time, size_text, table
from engine.errors import MissingAudioError, StorageError
from engine.options import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _console(err: io.StringIO, *times_s: float) -> Console:
    ticks = iter(times_s)
    return Console(io.StringIO(), err, clock=lambda: next(ticks))


def test_a_terminal_gets_a_bar_that_leaves_nothing_behind() -> None:
    err = Terminal()
    with _console(err, 0.0, 2.0).progress("talk.wav") as bar:
        bar.update(Progress(done_s=30.0, total_s=60.0))
        drawn = err.getvalue()
    assert drawn == "\rtalk.wav  [############............]  50%  0:30 of 1:00  15.0x"
    wiped = err.getvalue().removeprefix(drawn)
    assert wiped == "\r" + " " * (len(drawn) - 1) + "\r"


def test_a_shorter_line_covers_a_longer_one() -> None:
    err = Terminal()
    with _console(err, 0.0, 1.0, 1.0).progress("talk.wav") as bar:
        bar.update(Progress(done_s=30.0, total_s=60.0))
        bar.update(Progress(done_s=31.0, total_s=None))
    first, second = err.getvalue().split("\r")[1:3]
    assert second.rstrip() == "talk.wav  0:31  31.0x"
    assert len(second) == len(first)


def test_no_bar_where_nobody_looks() -> None:
    err = io.StringIO()
    with _console(err, 0.0, 1.0).progress("talk.wav") as bar:
        bar.update(Progress(done_s=30.0, total_s=60.0))
    assert err.getvalue() == ""


def test_an_error_says_its_three_things_beside_the_results() -> None:
    console = _console(io.StringIO())
    console.error(MissingAudioError("It is gone.", "Nothing was changed.", "Look again."), "a.wav")
    assert console.out.getvalue() == ""  # type: ignore[attr-defined]
    assert console.err.getvalue() == (  # type: ignore[attr-defined]
        "wildscribe: a.wav: It is gone.\n  Nothing was changed.\n  Look again.\n"
    )


def test_a_full_disk_behind_standard_output_is_a_typed_error() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageError, match="No space left"):
        Console(Full(), io.StringIO()).result("text")


def test_a_reader_that_has_gone_is_left_to_the_caller() -> None:
    class Gone(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        Console(Gone(), io.StringIO()).result("text")


def test_json_keeps_every_script_readable() -> None:
    console = _console(io.StringIO())
    console.json({"text": "你好"})
    written = console.out.getvalue()  # type: ignore[attr-defined]
    assert "你好" in written
    assert json.loads(written) == {"text": "你好"}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59.6, "1:00"), (761, "12:41"), (3599.7, "1:00:00"), (36_000, "10:00:00")],
)
def test_clock_time(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(0, "0 B"), (999, "999 B"), (1e3, "1.0 kB"), (4.7e9, "4.7 GB")]
)
def test_size_text(size_bytes: float, text: str) -> None:
    assert size_text(size_bytes) == text


@given(st.lists(st.tuples(st.text("ab", max_size=5), st.text("c", max_size=5)), min_size=1))
def test_columns_of_a_table_line_up(rows: list[tuple[str, str]]) -> None:
    lines = table([("x", *row) for row in rows], right=frozenset({1})).split("\n")
    width = max(len(first) for first, _ in rows)
    for line, (first, second) in zip(lines, rows, strict=True):
        assert line.ljust(width + 10)[3 : 3 + width] == first.rjust(width)
        assert line[5 + width :] == second
