"""Far field: the talker is across the room."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from training.simulate.condition import Place
from training.simulate.effect import Effect, Materials, scaled
from training.simulate.primitives.loudness import Loudness
from training.simulate.primitives.reverberation import Reverberation


@dataclass(frozen=True, slots=True)
class FarField:
    """Distance: more room than voice, and quiet.

    What air takes from high frequencies over the distance is in the responses of the rooms.
    """

    name: ClassVar[str] = "far_field"
    reference_name: ClassVar[str] = "far_field"
    place: ClassVar[Place] = Place.ROOM

    def draw(
        self, severity: float, rng: np.random.Generator, materials: Materials
    ) -> tuple[Effect, ...]:
        """RT60 0.2 to 1.4 s, 0.7 to 9 m, direct-to-reverberant 18 to -9 dB, -24 to -46 LUFS."""
        return (
            Reverberation.draw(severity, rng, materials),
            Loudness(target_lufs=scaled(severity, -24.0, -46.0, rng)),
        )


FAR_FIELD = FarField()
