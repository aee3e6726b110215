"""Nonlinear distortion: an overdriven stage, then a converter with too few or damaged bits."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np

from training.simulate import effect
from training.simulate.effect import Applied, Materials, Wave, scaled
from training.simulate.level import gain, peak, within_full_scale

BITS = 16  # of a sound converter


@dataclass(frozen=True, slots=True)
class NonlinearDistortion:
    """Clipping, then quantisation, both relative to the peak of the wave; the peak stays.

    Attributes:
        drive_db: gain into a stage whose limit is the wave's own peak, so that hard clipping
            cuts at `-drive_db` below it. 0 dB leaves a hard stage untouched.
        knee: "hard" cuts off at the limit, "soft" bends towards it (tanh).
        bits: of the converter, 2 to 16, sign included: mid-tread, `2**bits - 1` levels.
        unused_db: how far below the converter's full scale the peak lies, as when a recording
            made too quietly is turned up afterwards; each 6 dB cost one bit.
        stuck_bits: lowest bits of the magnitude that always read zero.
        flipped_pct: samples in which one bit of the magnitude is read wrong, in percent.
        seed: of which samples and bits those are.
    """

    drive_db: float = 0.0
    knee: Literal["hard", "soft"] = "hard"
    bits: int = BITS
    unused_db: float = 0.0
    stuck_bits: int = 0
    flipped_pct: float = 0.0
    seed: int = 0

    name: ClassVar[str] = "nonlinear_distortion"

    def __post_init__(self) -> None:
        if not 2 <= self.bits <= BITS or self.unused_db < 0.0:
            raise ValueError(f"no converter of {self.bits} bits, {self.unused_db} dB of it unused")
        if not 0 <= self.stuck_bits < self.bits - 1 or not 0.0 <= self.flipped_pct <= 100.0:
            raise ValueError(f"{self.stuck_bits} stuck bits, {self.flipped_pct} % flipped")

    @classmethod
    def draw(cls, severity: float, rng: np.random.Generator, materials: Materials) -> Self:
        """An overdriven stage, hard or soft, and a coarse converter with some wrong bits."""
        return cls(
            drive_db=scaled(severity, 0.0, 30.0, rng),
            knee="hard" if rng.random() < 0.5 else "soft",
            bits=round(scaled(severity, 10.0, 5.0, rng)),
            flipped_pct=scaled(severity, 0.005, 0.5, rng, logarithmic=True),
            seed=effect.seed(rng),
        )

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        """Silence stays silence. Measured: clipped_pct (samples at the limit of the stage)."""
        highest = peak(wave)
        if highest == 0.0:
            return Applied(wave.copy(), {"clipped_pct": 0.0})
        driven = wave * (gain(self.drive_db) / np.float32(highest))
        # A soft knee never reaches its limit: what a hard one would have cut counts.
        clipped = float(np.count_nonzero(np.abs(driven) >= 1.0)) if self.drive_db > 0.0 else 0.0
        if self.knee == "hard":
            np.clip(driven, -1.0, 1.0, out=driven)
        else:
            np.tanh(driven, out=driven)
            driven /= np.float32(peak(driven))
        heard = self._converted(driven)
        heard *= np.float32(highest)
        # Odd curves, but speech is not symmetric: cutting its taller side would move the mean.
        heard += np.float32(wave.mean(dtype=np.float64) - heard.mean(dtype=np.float64))
        return Applied(within_full_scale(heard)[0], {"clipped_pct": 100.0 * clipped / len(wave)})

    def _converted(self, wave: Wave) -> Wave:
        """What the converter reads of a wave in [-1, 1], its peak back where it was."""
        highest = 2 ** (self.bits - 1) - 1
        scale = np.float32(highest) * gain(-self.unused_db)
        levels = np.rint(wave * scale)
        if self.stuck_bits:
            step = np.float32(2**self.stuck_bits)
            levels = np.trunc(levels / step) * step
        if self.flipped_pct:
            self._flip(levels, highest)
        read: Wave = levels / scale
        return read

    def _flip(self, levels: Wave, highest: int) -> None:
        rng = np.random.default_rng(self.seed)
        count = rng.binomial(len(levels), self.flipped_pct / 100.0)
        at = rng.integers(len(levels), size=count)
        bit = 1 << rng.integers(self.bits - 1, size=count)
        magnitude = np.abs(levels[at]).astype(np.int64) ^ bit
        # Zero has no sign to keep, and giving it one would push silence to one side.
        sign = np.where(levels[at] == 0.0, rng.choice((-1.0, 1.0), size=count), np.sign(levels[at]))
        levels[at] = sign * np.minimum(magnitude, highest)
