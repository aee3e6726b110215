"""What was heard, a line a clip, written as it is heard: an evaluation that stops can go on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO, TypeVar

from engine.errors import StorageError
from training.finetune.errors import storage_kind

HYPOTHESES = "hypotheses.jsonl"
PROBABILITIES = "probabilities.jsonl"


@dataclass(frozen=True, slots=True)
class Heard:
    """What one model heard in one clip.

    Attributes:
        clip: `EvaluationClip.key`.
        by: key of the model, see `training.evaluate.listen`.
        text: the words.
        language: English name of the language, detected; None when none was heard.
        confidence: see `engine.recognizer.Hypothesis`.
        truncated: a budget or a loop ended it.
    """

    clip: str
    by: str
    text: str
    language: str | None
    confidence: float
    truncated: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """How degraded one router found one clip; ``by`` is the hash of the router. ``clip`` is
    `EvaluationClip.id`, since a router reads no context."""

    clip: str
    by: str
    degraded_probability: float


Row = TypeVar("Row", Heard, Judged)


class Store:
    """What was heard so far, from the two files of an evaluation.

    Args:
        folder: where they are, or will be.

    Raises:
        StorageError: one of them is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.hypotheses: dict[tuple[str, str], Heard] = {}
        self.probabilities: dict[tuple[str, str], Judged] = {}
        for heard in _rows(folder / HYPOTHESES, Heard):
            self.hypotheses[heard.clip, heard.by] = heard
        for judged in _rows(folder / PROBABILITIES, Judged):
            self.probabilities[judged.clip, judged.by] = judged

    @contextmanager
    def writing(self) -> Iterator["Writer"]:
        """Opens both files to be written to.

        Raises:
            StorageError: they cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (
                _appending(self._folder / HYPOTHESES) as hypotheses,
                _appending(self._folder / PROBABILITIES) as probabilities,
            ):
                yield Writer(self, hypotheses, probabilities)
        except OSError as error:
            raise storage_kind(error)(
                f"What was heard could not be stored in {self._folder}: {error.strerror or error}.",
                "What was stored before is kept.",
                "See that the folder can be written and has room, and start again: it goes on.",
            ) from error


class Writer:
    """Keeps what is heard, in memory and on the disk."""

    def __init__(self, store: Store, hypotheses: TextIO, probabilities: TextIO) -> None:
        self._store = store
        self._hypotheses = hypotheses
        self._probabilities = probabilities

    def heard(self, row: Heard) -> None:
        """Keeps one hypothesis. Raises OSError."""
        self._store.hypotheses[row.clip, row.by] = row
        _write(self._hypotheses, row)

    def judged(self, row: Judged) -> None:
        """Keeps one probability. Raises OSError."""
        self._store.probabilities[row.clip, row.by] = row
        _write(self._probabilities, row)


def _write(file: TextIO, row: Heard | Judged) -> None:
    file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
    file.flush()


@contextmanager
def _appending(path: Path) -> Iterator[TextIO]:
    """Behind the last whole line: one that was cut off when the power went is written anew."""
    content = path.read_bytes() if path.is_file() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        path.write_bytes(whole)
    with path.open("a", encoding="utf-8", newline="\n") as file:
        yield file


def _rows(path: Path, kind: type[Row]) -> Iterator[Row]:
    """The whole lines of a file.

    Raises:
        StorageError: one of them is damaged.
    """
    try:
        content = path.read_bytes() if path.is_file() else b""
        for line in content.split(b"\n")[:-1]:  # Not splitlines: a text may hold U+2028.
            yield kind(**json.loads(line))
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(
            f"{path} cannot be read: {error}.",
            "Nothing was changed.",
            "Move the file away; the clips are then heard again.",
        ) from error
