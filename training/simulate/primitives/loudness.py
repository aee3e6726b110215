"""Loudness change."""

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from training.simulate.effect import Applied, Materials, Wave, scaled
from training.simulate.level import gain, loudness_lufs, within_full_scale


@dataclass(frozen=True, slots=True)
class Loudness:
    """Turns a wave up or down to a loudness.

    Attributes:
        target_lufs: integrated loudness (ITU-R BS.1770-4), LUFS. Not reached where the peak would
            then leave full scale. Silence stays silence.
    """

    target_lufs: float

    name: ClassVar[str] = "loudness"

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        """Measured: `gain_db`."""
        before = loudness_lufs(wave)
        if math.isinf(before):
            return Applied(wave, {"gain_db": 0.0})
        gain_db = self.target_lufs - before
        louder, limit_db = within_full_scale(wave * gain(gain_db))
        return Applied(louder, {"gain_db": gain_db + limit_db})

    @classmethod
    def draw(cls, severity: float, rng: np.random.Generator, materials: Materials) -> Self:
        """From ordinary speech down to what is barely above the noise of 16 bits."""
        return cls(target_lufs=scaled(severity, -24.0, -55.0, rng))
