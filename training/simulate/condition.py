"""What a condition is: a way a recording goes wrong, as a listener would name it."""

from enum import IntEnum
from typing import Protocol

import numpy as np

from training.simulate.effect import Effect, Materials


class Place(IntEnum):
    """Where in the path from mouth to file a condition happens; chains follow this order."""

    ROOM = 0
    BACKGROUND = 1
    DEVICE = 2
    ELECTRONICS = 3
    NETWORK = 4


class Condition(Protocol):
    """One of the seven atomic conditions (paper section 3)."""

    @property
    def name(self) -> str:
        """The public name."""
        ...

    @property
    def reference_name(self) -> str:
        """The name in the reference code."""
        ...

    @property
    def place(self) -> Place:
        """Where in the path it happens."""
        ...

    def draw(
        self, severity: float, rng: np.random.Generator, materials: Materials
    ) -> tuple[Effect, ...]:
        """The effects of this condition at a severity in [0, 1], in physical order."""
        ...
