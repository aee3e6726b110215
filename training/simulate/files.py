"""Files that appear whole or not at all."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

PART = ".part"
"""Ending of names of what is not finished."""


def beside(path: Path) -> Path:
    """A name of its own next to a path, for what will be moved there."""
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}{PART}")


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes its place, on the disk, when the block ends well.

    Raises:
        OSError: it can't be written; what was there is as it was.
    """
    part = beside(path)
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def json_line(row: dict[str, Any]) -> bytes:
    """One line of a JSON Lines file, with its end."""
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"
