"""Distortion: an overdriven or starved recorder."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from training.simulate import effect
from training.simulate.condition import Place
from training.simulate.effect import Effect, Materials, scaled
from training.simulate.primitives.nonlinear_distortion import NonlinearDistortion


@dataclass(frozen=True, slots=True)
class Distortion:
    """Gain set too high, or too low and turned up again; damaged bits in either case."""

    name: ClassVar[str] = "distortion"
    reference_name: ClassVar[str] = "distortion"
    place: ClassVar[Place] = Place.ELECTRONICS

    def draw(
        self, severity: float, rng: np.random.Generator, materials: Materials
    ) -> tuple[Effect, ...]:
        """Which way the gain is wrong is chance; how far, and how many bits, is severity."""
        if rng.random() < 0.5:
            return (NonlinearDistortion.draw(severity, rng, materials),)
        starved = NonlinearDistortion(
            drive_db=scaled(severity, 0.0, 14.0, rng),
            bits=round(scaled(severity, 10.0, 6.0, rng)),
            unused_db=scaled(severity, 6.0, 18.0, rng),
            stuck_bits=round(scaled(severity, 0.0, 1.0, rng)),
            flipped_pct=scaled(severity, 0.005, 0.5, rng, logarithmic=True),
            seed=effect.seed(rng),
        )
        return (starved,)


DISTORTION = Distortion()
