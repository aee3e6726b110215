"""Recording: the colour of a device and of the channel behind it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from training.simulate.condition import Place
from training.simulate.effect import Effect, Materials
from training.simulate.primitives.automatic_gain import AutomaticGain
from training.simulate.primitives.codec import Codec
from training.simulate.primitives.resampling import Resampling
from training.simulate.primitives.spectral_filter import SpectralFilter


@dataclass(frozen=True, slots=True)
class Recording:
    """Microphone, automatic gain, converter, and a narrow codec.

    Attributes:
        codecs: whether a codec follows; it costs more than all the rest of a clip.
    """

    codecs: bool = True

    name: ClassVar[str] = "recording"
    reference_name: ClassVar[str] = "crosstalk"
    place: ClassVar[Place] = Place.DEVICE

    def draw(
        self, severity: float, rng: np.random.Generator, materials: Materials
    ) -> tuple[Effect, ...]:
        """Every part is there at every severity, and gets worse with it."""
        device: tuple[Effect, ...] = (
            SpectralFilter.draw(severity, rng, materials),
            AutomaticGain.draw(severity, rng, materials),
            Resampling.draw(severity, rng, materials),
        )
        return (*device, Codec.draw(severity, rng, materials)) if self.codecs else device


RECORDING = Recording()
