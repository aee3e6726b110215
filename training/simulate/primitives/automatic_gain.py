"""Automatic gain control: what telephones and recorders do to keep a level."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from training.simulate.effect import SAMPLE_RATE, Applied, Materials, Wave, scaled
from training.simulate.level import frame_powers, within_full_scale

_FRAME = SAMPLE_RATE // 100  # 10 ms: the gain is decided so often and goes in straight lines
_SILENCE_DBFS = -100.0


@dataclass(frozen=True, slots=True)
class AutomaticGain:
    """A gain that follows the level: it pumps, and lifts the noise of pauses.

    Attributes:
        target_dbfs: level that it strives for, dB below a full-scale square wave.
        attack_s: time constant while the gain falls, s.
        release_s: time constant while the gain rises, s.
        limit_db: the gain stays within +- this, dB.
    """

    target_dbfs: float
    attack_s: float
    release_s: float
    limit_db: float

    name: ClassVar[str] = "automatic_gain"

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        """Measured: `lowest_gain_db` and `highest_gain_db`, before the peak is brought to 1."""
        powers = frame_powers(wave, _FRAME)
        gains_db = self._gains_db(10.0 * np.log10(np.maximum(powers, 10.0 ** (_SILENCE_DBFS / 10))))
        factors = (10.0 ** (gains_db / 20.0)).astype(np.float32)
        steps = np.arange(_FRAME, dtype=np.float32) / np.float32(_FRAME)
        curve = factors[:-1, None] + np.diff(factors)[:, None] * steps
        louder, _ = within_full_scale(wave * curve.reshape(-1)[: len(wave)])
        measured = {
            "lowest_gain_db": float(gains_db.min()),
            "highest_gain_db": float(gains_db.max()),
        }
        return Applied(louder, measured)

    @classmethod
    def draw(cls, severity: float, rng: np.random.Generator, materials: Materials) -> Self:
        """From a slow gentle hand to one that pumps between syllables."""
        return cls(
            target_dbfs=scaled(severity, -26.0, -14.0, rng),
            attack_s=scaled(severity, 0.1, 0.005, rng, logarithmic=True),
            release_s=scaled(severity, 2.0, 0.08, rng, logarithmic=True),
            limit_db=scaled(severity, 6.0, 36.0, rng),
        )

    def _gains_db(self, levels_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(frames + 1,) gain at the frames' edges; it starts where the first frame wants it."""
        wanted = np.clip(self.target_dbfs - levels_db, -self.limit_db, self.limit_db)
        frame_s = _FRAME / SAMPLE_RATE
        fall, rise = (1.0 - np.exp(-frame_s / s) for s in (self.attack_s, self.release_s))
        gains = [float(wanted[0])]
        for goal in wanted.tolist():
            gains.append(gains[-1] + (fall if goal < gains[-1] else rise) * (goal - gains[-1]))
        return np.array(gains)
