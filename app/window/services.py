"""What every screen may use, in one place, so that tests can put their own in its place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.client import Ask, EngineSettings
from app.library import Document


class Engine(Protocol):
    """See `EngineClient`."""

    settings: EngineSettings
    device: str

    def submit(self, ask: Ask) -> None:
        """Takes a request."""

    def cancel(self, ask: Ask) -> None:
        """Stops a request."""

    def use(self, settings: EngineSettings) -> None:
        """Loads another model or takes another device."""


class Saving(Protocol):
    """See `Autosave`."""

    def put(self, document: Document) -> None:
        """Takes the newest state of a document."""


class Playing(Protocol):
    """See `Player`."""

    def play(self, samples: NDArray[np.float32], rate_hz: int, on_end: Callable[[], None]) -> None:
        """Plays mono samples."""

    def stop(self) -> None:
        """Silence."""


@dataclass(frozen=True, slots=True)
class Services:
    """The collaborators of every presenter."""

    engine: Engine
    autosave: Saving
    player: Playing
