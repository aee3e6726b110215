"""Additive noise."""

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Self

import numpy as np

from training.simulate.effect import Applied, Materials, Wave, scaled
from training.simulate.level import active_power, decibels, gain, mean_power, within_full_scale

LATEST_START_S = 600.0

MASKING_DB = MappingProxyType(
    {"white": 0, "pink": 0, "blue": 2, "babble": 0, "machine": 4, "street": 6, "brown": 10}
    | {"hum": 10, "noise": 0}
)
"""How much louder a kind of sound must be to hide speech about as well as white noise, dB.

Without it the kind, not the severity, would decide how hard a clip is: hum at an SNR of 0 dB
leaves every consonant alone. "noise" is the person's own folder.
"""


@dataclass(frozen=True, slots=True)
class AdditiveNoise:
    """One or several sounds below, or above, the speech.

    Attributes:
        sounds: their names; with several, all have the same mean power.
        starts_s: where in each sound the clip begins, s.
        snr_db: active speech power (`level.active_power`) against the mean power of all the sounds
            together over the same stretch, dB.
    """

    sounds: tuple[str, ...]
    starts_s: tuple[float, ...]
    snr_db: float

    name: ClassVar[str] = "additive_noise"

    def __post_init__(self) -> None:
        if not self.sounds or len(self.sounds) != len(self.starts_s):
            raise ValueError("additive noise needs sounds, and one start for each")

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        """Measured: `gain_db`, by which all was turned down to stay within full scale.

        A silent wave, or sounds that are silent there, leave the wave as it is: no ratio exists.
        """
        speech = active_power(wave)
        noise = self._mixture(len(wave), materials)
        power = mean_power(noise)
        if speech == 0.0 or power == 0.0:
            return Applied(wave, {"gain_db": 0.0})
        noise *= gain(decibels(speech) - decibels(power) - self.snr_db)
        noisy, gain_db = within_full_scale(np.add(wave, noise, out=noise))
        return Applied(noisy, {"gain_db": gain_db})

    @classmethod
    def draw(cls, severity: float, rng: np.random.Generator, materials: Materials) -> Self:
        """Sounds of one or several kinds, more of them where it is harder."""
        kinds = _kinds(materials)
        count = 1 + int(rng.random() < 0.5 * severity)
        chosen = [kinds[int(at)] for at in rng.integers(len(kinds), size=count)]
        names = [materials.sounds(kind) for kind in chosen]
        masking_db = sum(MASKING_DB[kind] for kind in chosen) / count
        return cls(
            sounds=tuple(known[int(rng.integers(len(known)))] for known in names),
            starts_s=tuple(round(float(s), 3) for s in rng.uniform(0.0, LATEST_START_S, count)),
            snr_db=scaled(severity, 30.0, -5.0, rng) - masking_db,
        )

    def _mixture(self, samples: int, materials: Materials) -> Wave:
        mixture = np.zeros(samples, np.float32)
        for name, start_s in zip(self.sounds, self.starts_s, strict=True):
            sound = materials.sound(name, start_s, samples)
            power = mean_power(sound)
            if power > 0.0:
                mixture += sound * np.float32(1.0 / math.sqrt(power))
        return mixture


def _kinds(materials: Materials) -> list[str]:
    """The person's own noises where there are some, or else every kind there is."""
    if materials.sounds("noise"):
        return ["noise"]
    return [kind for kind in MASKING_DB if materials.sounds(kind)]
