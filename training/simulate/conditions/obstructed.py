"""Obstructed: something stands between the mouth and the microphone."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from training.simulate.condition import Place
from training.simulate.effect import Effect, Materials, scaled
from training.simulate.primitives.loudness import Loudness
from training.simulate.primitives.reverberation import Reverberation
from training.simulate.primitives.spectral_filter import SpectralFilter
from training.simulate.rooms import nearest

_ORDER = 2  # 12 dB an octave: a wall's mass gives 6, the cloth or the gap around a door the rest


@dataclass(frozen=True, slots=True)
class Obstructed:
    """From a thin pocket to behind a closed door: no direct path, dull, quiet."""

    name: ClassVar[str] = "obstructed"
    reference_name: ClassVar[str] = "barrier"
    place: ClassVar[Place] = Place.ROOM

    def draw(
        self, severity: float, rng: np.random.Generator, materials: Materials
    ) -> tuple[Effect, ...]:
        """Cut-off 6,000 to 700 Hz, RT60 0.2 to 0.9 s, -28 to -52 LUFS."""
        room = nearest(
            materials.rooms,
            rt60_s=scaled(severity, 0.2, 0.9, rng, logarithmic=True),
            distance_m=scaled(severity, 0.6, 6.0, rng, logarithmic=True),
            direct=False,
            rng=rng,
        )
        return (
            Reverberation.in_room(room, drr_db=scaled(severity, 16.0, -4.0, rng)),
            SpectralFilter(
                high_hz=scaled(severity, 6_000.0, 700.0, rng, logarithmic=True), order=_ORDER
            ),
            Loudness(target_lufs=scaled(severity, -28.0, -52.0, rng)),
        )


OBSTRUCTED = Obstructed()
