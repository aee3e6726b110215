"""Echo delay: the wave again, later and quieter."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from training.simulate.effect import SAMPLE_RATE, Applied, Materials, Wave, scaled
from training.simulate.level import gain, within_full_scale

_INAUDIBLE_DB = -36.0  # repeats below this are left out


@dataclass(frozen=True, slots=True)
class EchoDelay:
    """Discrete reflections beside the wave itself.

    A feedback echo is the same thing with many reflections (`repeats`); as a sum of delayed
    copies it costs a tenth of a recursive filter.

    Attributes:
        delays_s: of each reflection, s; applied to the nearest sample.
        gains_db: of each reflection against the wave itself, dB.
    """

    delays_s: tuple[float, ...]
    gains_db: tuple[float, ...]

    name: ClassVar[str] = "echo_delay"

    def __post_init__(self) -> None:
        if len(self.delays_s) != len(self.gains_db) or min(self.delays_s, default=0.0) < 0.0:
            raise ValueError("an echo needs one gain per delay, and delays of 0 s or more")

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        """Measured: `gain_db`, by which all was turned down to stay within full scale."""
        out = wave.copy()
        for delay_s, gain_db in zip(self.delays_s, self.gains_db, strict=True):
            delay = round(delay_s * SAMPLE_RATE)
            if delay < len(wave):
                out[delay:] += wave[: len(wave) - delay] * gain(gain_db)
        out, gain_db = within_full_scale(out)
        return Applied(out, {"gain_db": gain_db})

    @classmethod
    def draw(cls, severity: float, rng: np.random.Generator, materials: Materials) -> Self:
        """A few walls that throw the voice back."""
        count = int(rng.integers(2, 5))
        delays_s = sorted(scaled(severity, 0.06, 0.35, rng) * rng.uniform(0.4, 1.0, count))
        loudest_db = scaled(severity, -30.0, -5.0, rng)
        return cls(
            delays_s=tuple(round(float(delay_s), 5) for delay_s in delays_s),
            gains_db=tuple(loudest_db - 3.0 * at for at in range(count)),
        )


def repeats(delay_s: float, loss_db: float) -> Iterator[tuple[float, float]]:
    """(delay in s, gain in dB) of what comes round again and again, `loss_db` quieter each time."""
    count = int(_INAUDIBLE_DB / -loss_db)
    return ((at * delay_s, -loss_db * at) for at in range(1, count + 1))
