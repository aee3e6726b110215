"""Where Wildscribe keeps what people make with it."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders and files below one root; nothing is created by naming it."""

    root: Path

    @classmethod
    def default(cls) -> "Paths":
        """The person's own data folder, where the system wants it."""
        return cls(platformdirs.user_data_path("wildscribe", appauthor=False))

    @property
    def library(self) -> Path:
        """The documents: an SQLite file."""
        return self.root / "library.sqlite"

    @property
    def recordings(self) -> Path:
        """What was recorded with the microphone."""
        return self.root / "recordings"


def cache() -> Path:
    """What can be made again at any time: the rooms of the simulator."""
    return platformdirs.user_cache_path("wildscribe", appauthor=False)


def resources() -> Path:
    """What ships with Wildscribe and is no code."""
    return Path(str(files("resources")))


def sample() -> Path | None:
    """The recording that ships with Wildscribe."""
    return next(iter(sorted((resources() / "samples").glob("*.flac"))), None)
