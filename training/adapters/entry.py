"""One version of an adapter, as it lies in the library."""

from dataclasses import dataclass
from pathlib import Path

from engine.checkpoint.folder import ROUTER_FILE
from engine.errors import HashMismatchError
from engine.models import verify
from training.adapters.lineage import Lineage


@dataclass(frozen=True, slots=True)
class AdapterEntry:
    """One version of an adapter.

    Attributes:
        name: of the adapter.
        version: from 1 on.
        path: its folder.
        lineage: where it comes from.
        in_use: it is what the bare name means.
    """

    name: str
    version: int
    path: Path
    lineage: Lineage
    in_use: bool

    @property
    def reference(self) -> str:
        """What `AdapterLibrary.find` takes: ``clinic@2``."""
        return f"{self.name}@{self.version}"

    @property
    def router(self) -> Path | None:
        """Its own router, if it has one."""
        path = self.path / ROUTER_FILE
        return path if path.is_file() else None

    @property
    def size_bytes(self) -> int:
        """Of all its files."""
        return sum(path.stat().st_size for path in self.path.iterdir())

    def verify(self) -> None:
        """Compares every file with the sum taken when it came into the library.

        Raises:
            HashMismatchError: a file is damaged, missing or new.
        """
        wrong = [file.path.as_posix() for file in verify(self.path) if file.ok is not True]
        if wrong:
            raise HashMismatchError(
                f"{self.reference} is not what it was: {', '.join(wrong)}.",
                "Nothing was changed.",
                "Import the adapter again, or use another version.",
            )
