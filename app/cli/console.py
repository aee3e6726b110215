"""What a person sees in a terminal: results on standard output, everything else beside them."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TextIO

from engine.errors import StorageError, WildscribeError
from engine.options import Progress

BAR_WIDTH = 24


@dataclass(frozen=True, slots=True)
class Console:
    """Two streams and a clock.

    Attributes:
        out: results only, so that they can be piped on.
        err: progress, notes and errors.
        clock: seconds, from any start.
    """

    out: TextIO
    err: TextIO
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def standard(cls) -> Self:
        """The process's own streams."""
        return cls(sys.stdout, sys.stderr)

    def result(self, text: str) -> None:
        """Writes a result, with exactly one line end.

        Raises:
            StorageError: standard output goes to a file, and its disk is full.
            BrokenPipeError: nobody reads any further.
        """
        try:
            self.out.write(text.rstrip("\n") + "\n")
            self.out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise StorageError(
                f"Standard output cannot be written: {error.strerror or error}.",
                "The recording was not changed.",
                "Make room on the disk, or name another place after --output.",
            ) from error

    def json(self, data: Any) -> None:
        """Writes a result for machines."""
        self.result(json.dumps(data, ensure_ascii=False, indent=2))

    def note(self, text: str) -> None:
        """Writes a line for the person."""
        print(text, file=self.err, flush=True)

    def error(self, error: WildscribeError, about: str = "") -> None:
        """Writes what happened, what is safe and what to do, a line each.

        Args:
            error: what went wrong.
            about: name of the file concerned; left out where the error says it itself.
        """
        subject = "" if about in error.what else f"{about}: "
        self.note(f"wildscribe: {subject}{error.what}")
        for line in filter(None, (error.safe, error.remedy)):
            self.note(f"  {line}")

    @contextmanager
    def progress(self, label: str) -> "Iterator[ProgressBar]":
        """A bar by audio seconds, on a terminal only; it is gone when the block ends."""
        bar = ProgressBar(label, self)
        try:
            yield bar
        finally:
            bar.clear()


@dataclass(slots=True)
class ProgressBar:
    """One line that is drawn over and over."""

    label: str
    console: Console
    done_s: float = 0.0
    _drawn: str = field(default="", init=False)
    _started_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._started_s = self.console.clock()

    @property
    def times_real_time(self) -> float:
        """Audio seconds done for each second that passed."""
        return self.done_s / max(self.console.clock() - self._started_s, 1e-3)

    def update(self, progress: Progress) -> None:
        """Draws how much audio is done, and how fast."""
        self.done_s = progress.done_s
        self._show(progress.done_s, progress.total_s, clock_time, f"{self.times_real_time:.1f}x")

    def update_bytes(self, done_bytes: int, total_bytes: int) -> None:
        """Draws how much of a file is copied."""
        self._show(done_bytes, total_bytes, size_text)

    def update_count(self, done: int, total: int) -> None:
        """Draws how many of something are done."""
        self._show(done, total, lambda count: f"{count:.0f}")

    def clear(self) -> None:
        """Takes the bar off the screen."""
        if self._drawn:
            self._draw("")
            self.console.err.write("\r")
            self.console.err.flush()

    def _show(
        self, done: float, total: float | None, unit: Callable[[float], str], speed: str = ""
    ) -> None:
        if not self.console.err.isatty():
            return
        state = unit(done)
        if total:
            share = min(done / total, 1.0)
            filled = round(share * BAR_WIDTH)
            state = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {share:4.0%}"
            state += f"  {unit(done)} of {unit(total)}"
        self._draw(f"{self.label}  {state}  {speed}".rstrip())

    def _draw(self, line: str) -> None:
        self.console.err.write("\r" + line.ljust(len(self._drawn)))
        self.console.err.flush()
        self._drawn = line


def clock_time(seconds: float) -> str:
    """``3725.4`` -> ``1:02:05``; below an hour ``12:41``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size_text(size_bytes: float) -> str:
    """``1234567`` -> ``1.2 MB``."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes:.0f} B"


def table(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Rows of equal length in columns, two spaces apart; ``right`` are aligned to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
