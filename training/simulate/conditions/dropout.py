"""Dropout: a bad line that loses, repeats and shuffles what was said."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from training.simulate.condition import Place
from training.simulate.effect import Effect, Materials
from training.simulate.primitives.frame_stutter import FrameStutter


@dataclass(frozen=True, slots=True)
class Dropout:
    """One line, with its own way of hiding what it lost."""

    name: ClassVar[str] = "dropout"
    reference_name: ClassVar[str] = "stutter"
    place: ClassVar[Place] = Place.NETWORK

    def draw(
        self, severity: float, rng: np.random.Generator, materials: Materials
    ) -> tuple[Effect, ...]:
        """What is heard in the gaps is chance; how much is lost, and for how long, is severity."""
        return (FrameStutter.draw(severity, rng, materials),)


DROPOUT = Dropout()
