"""How long a proof took, over all its starts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FILE = "seconds.txt"


@contextmanager
def timed(work: Path) -> Iterator[None]:
    """Notes how long it took, also when it is broken off; a start that was killed is missing."""
    began = time.monotonic()
    try:
        yield
    finally:
        with (work / _FILE).open("a", encoding="utf-8") as file:
            file.write(f"{time.monotonic() - began:.0f}\n")


def minutes(work: Path) -> float:
    """Of all starts together."""
    return sum(map(float, (work / _FILE).read_text(encoding="utf-8").split())) / 60
