"""Noise: something else is to be heard, too."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from training.simulate.condition import Place
from training.simulate.effect import Effect, Materials
from training.simulate.primitives.additive_noise import AdditiveNoise


@dataclass(frozen=True, slots=True)
class Noise:
    """Hiss, hum, voices, a street, a machine, or the person's own noises; one or two of them."""

    name: ClassVar[str] = "noise"
    reference_name: ClassVar[str] = "noise"
    place: ClassVar[Place] = Place.BACKGROUND

    def draw(
        self, severity: float, rng: np.random.Generator, materials: Materials
    ) -> tuple[Effect, ...]:
        """SNR from 30 to -5 dB, lower for kinds that hide less (`additive_noise.MASKING_DB`)."""
        return (AdditiveNoise.draw(severity, rng, materials),)


NOISE = Noise()
