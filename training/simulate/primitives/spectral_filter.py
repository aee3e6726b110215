"""Spectral filtering: band limits and resonances of a microphone, a loudspeaker, a line."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy.signal import oaconvolve
from scipy.signal.windows import hann

from training.simulate.effect import SAMPLE_RATE, Applied, Materials, Wave, scaled
from training.simulate.level import within_full_scale

TAPS = 1_023  # 64 ms, which tells frequencies 30 Hz apart; odd, so that its middle is a sample
_GRID = 8_192


@dataclass(frozen=True, slots=True)
class SpectralFilter:
    """Butterworth magnitudes and bell-shaped peaks in one filter of zero phase: no delay.

    Attributes:
        low_hz: lower cut-off, where the gain is -3 dB; 0 for none.
        high_hz: upper cut-off, likewise; 0 for none.
        order: of both limits; beyond them the gain falls by 6 dB an octave for each.
        peaks: resonances (notches, below 0 dB) as frequency in Hz, gain in dB, and the width
            in octaves between the two places of half that gain in dB.
    """

    low_hz: float = 0.0
    high_hz: float = 0.0
    order: int = 4
    peaks: tuple[tuple[float, float, float], ...] = ()

    name: ClassVar[str] = "spectral_filter"

    def __post_init__(self) -> None:
        if self.low_hz < 0.0 or self.high_hz < 0.0 or self.order < 1:
            raise ValueError(f"no filter of {self.low_hz} to {self.high_hz} Hz, order {self.order}")
        if 0.0 < self.high_hz <= self.low_hz:
            raise ValueError(f"nothing lies between {self.low_hz} and {self.high_hz} Hz")
        if any(hz <= 0.0 or octaves <= 0.0 for hz, _, octaves in self.peaks):
            raise ValueError(f"a peak has no place or no width in {self.peaks}")

    @classmethod
    def draw(cls, severity: float, rng: np.random.Generator, materials: Materials) -> Self:
        """A small device: narrow, steep, with three resonances inside its band."""
        low_hz = scaled(severity, 80.0, 300.0, rng, logarithmic=True)
        high_hz = scaled(severity, 7_000.0, 2_900.0, rng, logarithmic=True)
        places = np.exp(rng.uniform(np.log(low_hz), np.log(high_hz), size=3))
        gains = [scaled(severity, 2.0, 10.0, rng) for _ in places]
        widths = rng.uniform(0.2, 0.6, size=3)
        peaks = zip(places.tolist(), gains, widths.tolist(), strict=True)
        return cls(low_hz, high_hz, round(scaled(severity, 2.0, 5.0, rng)), tuple(peaks))

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        """Nothing is measured. Turned down where a resonance would pass full scale."""
        heard = oaconvolve(wave, self._impulse_response())
        middle = TAPS // 2
        heard = heard[middle : middle + len(wave)].astype(np.float32, copy=False)
        return Applied(within_full_scale(heard)[0], {})

    def gain(self, hz: Wave) -> Wave:
        """The magnitude at frequencies > 0, as a factor."""
        power = np.ones_like(hz)
        if self.low_hz:
            power /= 1.0 + (self.low_hz / hz) ** (2 * self.order)
        if self.high_hz:
            power /= 1.0 + (hz / self.high_hz) ** (2 * self.order)
        gain = np.sqrt(power)
        for peak_hz, gain_db, octaves in self.peaks:
            away = 2.0 * np.log2(hz / peak_hz) / octaves
            gain *= 10.0 ** (gain_db / 20.0 * 0.5 ** (away**2))
        return gain

    def _impulse_response(self) -> Wave:
        hz = np.fft.rfftfreq(_GRID, 1.0 / SAMPLE_RATE)
        gain = np.empty_like(hz)
        gain[1:] = self.gain(hz[1:])
        gain[0] = 0.0 if self.low_hz else 1.0
        around_zero = np.fft.fftshift(np.fft.irfft(gain))
        start = _GRID // 2 - TAPS // 2
        response: Wave = (around_zero[start : start + TAPS] * hann(TAPS + 2)[1:-1]).astype(
            np.float32
        )
        return response
