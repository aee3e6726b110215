"""Resampling: the sound goes through a lower sample rate, by a good converter or a bad one."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import soxr

from training.simulate.effect import SAMPLE_RATE, Applied, Materials, Wave, scaled
from training.simulate.level import within_full_scale

LOWEST_RATE_HZ = 1_000


@dataclass(frozen=True, slots=True)
class Resampling:
    """Down to a rate and back to `SAMPLE_RATE`, without delay.

    Attributes:
        rate_hz: the lower rate, from `LOWEST_RATE_HZ` up to `SAMPLE_RATE`; nothing above half of
            it remains.
        aliasing: a converter without a filter before it, which takes every so-manyth value: what
            lies above `rate_hz / 2` is not removed but mirrored below it.
    """

    rate_hz: int
    aliasing: bool = False

    name: ClassVar[str] = "resampling"

    def __post_init__(self) -> None:
        if not LOWEST_RATE_HZ <= self.rate_hz <= SAMPLE_RATE:
            raise ValueError(f"{self.rate_hz} Hz is not in {LOWEST_RATE_HZ} to {SAMPLE_RATE} Hz")

    @classmethod
    def draw(cls, severity: float, rng: np.random.Generator, materials: Materials) -> Self:
        """One converter in four is a bad one."""
        rate_hz = scaled(severity, 14_000.0, 7_000.0, rng, logarithmic=True)
        return cls(rate_hz=round(rate_hz), aliasing=bool(rng.random() < 0.25))

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        """Nothing is measured."""
        if self.rate_hz == SAMPLE_RATE:
            return Applied(wave.copy(), {})
        low = self._taken(wave) if self.aliasing else soxr.resample(wave, SAMPLE_RATE, self.rate_hz)
        back = soxr.resample(low, self.rate_hz, SAMPLE_RATE)
        back = np.pad(back[: len(wave)], (0, max(0, len(wave) - len(back))))
        return Applied(within_full_scale(back)[0], {})

    def _taken(self, wave: Wave) -> Wave:
        """The wave at the moments of the lower rate, on straight lines between its samples."""
        count = -(-len(wave) * self.rate_hz // SAMPLE_RATE)
        at = np.arange(count) * (SAMPLE_RATE / self.rate_hz)
        left = at.astype(np.int64)
        right = np.minimum(left + 1, len(wave) - 1)
        share = (at - left).astype(np.float32)
        taken: Wave = wave[left] * (1.0 - share) + wave[right] * share
        return taken
