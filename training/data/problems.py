"""What can be wrong with training data, as plain data."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from engine.errors import StorageError


class ProblemKind(StrEnum):
    """Why a clip, or what should have been one, is left out."""

    MISSING = "missing"
    """A file that is named, or that should be beside another, is not there."""
    UNREADABLE = "unreadable"
    """Audio that cannot be decoded, or a record that makes no sense."""
    EMPTY = "empty"
    """No words, no samples, or nothing but digital silence."""
    TOO_LONG = "too_long"
    DUPLICATE = "duplicate"
    """The same samples as an earlier clip."""
    LANGUAGE = "language"
    """Not said, or not one of the model's."""
    BOTH_SPLITS = "both_splits"
    """Its speaker is held out as well; the data itself says so."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One clip that is left out.

    Attributes:
        kind: why.
        where: file, and line or row.
        what: one sentence.
    """

    kind: ProblemKind
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def write_problems(path: Path, problems: Iterable[Problem]) -> None:
    """Writes JSON Lines. Raises OSError."""
    rows = (json.dumps(asdict(problem), ensure_ascii=False) + "\n" for problem in problems)
    path.write_text("".join(rows), encoding="utf-8", newline="\n")


def read_problems(path: Path) -> list[Problem]:
    """What `write_problems` wrote; nothing where there is no such file.

    Raises:
        StorageError: it cannot be read, or is damaged.
    """
    if not path.exists():
        return []
    try:
        rows = map(json.loads, path.read_bytes().splitlines())
        return [Problem(ProblemKind(row["kind"]), row["where"], row["what"]) for row in rows]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise StorageError(f"{path} cannot be read: {error}.") from error


def counts(problems: Iterable[Problem]) -> dict[str, int]:
    """Kind -> how many."""
    return dict(sorted(Counter(str(problem.kind) for problem in problems).items()))
