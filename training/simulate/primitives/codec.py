"""Narrow codecs: the telephone, mobile and internet coders that a recording may have gone through.

mu-law and A-law are ITU-T G.711, GSM is ETSI GSM 06.10 (full rate), AMR is 3GPP TS 26.090 (narrow
band), Opus is RFC 6716, MP3 is MPEG-2 layer III.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from training.simulate.effect import Applied, Materials, Wave, scaled
from training.simulate.level import peak, within_full_scale
from training.simulate.primitives import coders

LADDER = (
    ("opus", 24_000),
    ("mp3", 32_000),
    ("mp3", 24_000),
    ("opus", 16_000),
    ("mp3", 16_000),
    ("mu-law", 64_000),
    ("a-law", 64_000),
    ("amr", 12_200),
    ("gsm", 13_000),
    ("opus", 12_000),
    ("amr", 7_400),
    ("opus", 6_000),
    ("amr", 4_750),
    ("mp3", 8_000),
)
"""Coders and bit rates in bit/s, from easy to hard to understand."""


@dataclass(frozen=True, slots=True)
class Codec:
    """Coded and decoded again; the coder's delay is taken out.

    Attributes:
        coder: one of `coders.CODERS`.
        bitrate_bps: bits per second; G.711 and GSM have but one.
    """

    coder: str
    bitrate_bps: int

    name: ClassVar[str] = "codec"

    def __post_init__(self) -> None:
        if self.coder not in coders.CODERS or self.bitrate_bps <= 0:
            raise ValueError(f"no coder {self.coder!r} at {self.bitrate_bps} bit/s")

    @classmethod
    def draw(cls, severity: float, rng: np.random.Generator, materials: Materials) -> Self:
        """One of the coders that this machine has, near the severity's place on the ladder."""
        steps = climbable(coders.available())
        return cls(*steps[round(scaled(severity, 0.0, len(steps) - 1.0, rng))])

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        """Nothing is measured. Silence stays silence.

        Raises:
            CodecUnavailableError: this machine's libraries lack the coder.
        """
        if peak(wave) == 0.0:
            return Applied(wave.copy(), {})
        heard = coders.passed(within_full_scale(wave)[0], self.coder, self.bitrate_bps)
        # A-law has no level at zero: it hears silence as a small constant.
        heard += np.float32(wave.mean(dtype=np.float64) - heard.mean(dtype=np.float64))
        return Applied(within_full_scale(heard)[0], {})


def climbable(known: Collection[str]) -> list[tuple[str, int]]:
    """The steps of the ladder whose coders are known."""
    return [step for step in LADDER if step[0] in known]
