"""Which version of an adapter is in use, and which were before: ``promotions.json``."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from engine.errors import StorageError

FILE = "promotions.json"


@dataclass(frozen=True, slots=True)
class Promotion:
    """One step of the history.

    Attributes:
        event: a version was put to use, or the one before came back.
        version: the one that was put to use, or taken out of it.
        at: ISO 8601, UTC.
        because: why, for people.
        insisted: against the verdict, or without one.
    """

    event: Literal["promote", "roll back"]
    version: int
    at: str
    because: str
    insisted: bool = False


def now() -> str:
    """The present time, as a `Promotion` keeps it."""
    return datetime.now(UTC).isoformat("T", "seconds")


def current(history: list[Promotion]) -> int | None:
    """The version in use after a history; None when there is none.

    A version that was put to use twice in a row was put to use once: what came before it is what
    rolling back brings.
    """
    stack: list[int] = []
    for step in history:
        if step.event == "promote":
            if stack[-1:] != [step.version]:
                stack.append(step.version)
        elif stack:
            stack.pop()
    return stack[-1] if stack else None


def read_history(folder: Path) -> list[Promotion]:
    """The history of an adapter, oldest first; empty when nothing was ever put to use.

    Raises:
        StorageError: the file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        return [Promotion(**step) for step in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(
            f"{path} cannot be read: {error}.",
            "The adapters themselves are unchanged.",
            "Move the file away; then no version is in use, and you can promote one again.",
        ) from error


def append(folder: Path, step: Promotion) -> None:
    """Adds a step; the file is the old one or the new one, never half of it.

    Raises:
        StorageError: the old file is damaged.
        OSError: the folder cannot be written.
    """
    steps = [asdict(known) for known in (*read_history(folder), step)]
    partial = folder / f".{FILE}.part"
    partial.write_text(json.dumps(steps, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / FILE)
