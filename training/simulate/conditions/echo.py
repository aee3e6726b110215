"""Echo: a stairwell, a courtyard, a loudspeaker that comes back into the microphone."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from training.simulate.condition import Place
from training.simulate.effect import Effect, Materials, scaled
from training.simulate.primitives.echo_delay import EchoDelay, repeats


@dataclass(frozen=True, slots=True)
class Echo:
    """Single reflections, and one that comes round again and again."""

    name: ClassVar[str] = "echo"
    reference_name: ClassVar[str] = "strong_echo"
    place: ClassVar[Place] = Place.ROOM

    def draw(
        self, severity: float, rng: np.random.Generator, materials: Materials
    ) -> tuple[Effect, ...]:
        """Repeats every 0.08 to 0.3 s, each 26 to 4 dB quieter, beside two to four walls."""
        walls = EchoDelay.draw(severity, rng, materials)
        every_s = round(scaled(severity, 0.08, 0.3, rng, logarithmic=True), 5)
        tail = tuple(repeats(every_s, scaled(severity, 26.0, 4.0, rng)))
        return (
            EchoDelay(
                delays_s=walls.delays_s + tuple(delay_s for delay_s, _ in tail),
                gains_db=walls.gains_db + tuple(gain_db for _, gain_db in tail),
            ),
        )


ECHO = Echo()
