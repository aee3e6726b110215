"""Cheap variety of voices and channels, in the log-mel domain (scaled as in `features`)."""

import math
import random
from dataclasses import dataclass

import torch
from torch import Tensor

from training.mini.features import SILENCE

_DB = 0.025  # one decibel, scaled: 0.1 / 4


@dataclass(frozen=True, slots=True)
class Colour:
    """One speaker and channel.

    `warp` stretches the frequency axis about 1, `tilt_db` is the slope across the band, `ripple_db`
    the depth of a slow equaliser curve, `gain_db` the level, and `floor_db` the stationary noise
    below the loudest frame (60 dB or so: an ordinary quiet room).
    """

    warp: float
    tilt_db: float
    ripple_db: float
    gain_db: float
    floor_db: float

    @staticmethod
    def draw(rng: random.Random, warp_share: float) -> "Colour":
        return Colour(
            warp=rng.uniform(0.9, 1.1) if rng.random() < warp_share else 1.0,
            tilt_db=rng.uniform(-6, 6),
            ripple_db=rng.uniform(0, 3),
            gain_db=rng.uniform(-20, 10),
            floor_db=rng.uniform(45, 90),
        )


def warped(mel: Tensor, warp: float) -> Tensor:
    """Reads band k from band k * warp, linearly interpolated: a shorter or longer vocal tract."""
    bands = mel.shape[0]
    source = (torch.arange(bands) * warp).clamp(max=bands - 1.001)
    lower = source.long()
    share = (source - lower)[:, None]
    return mel[lower] * (1 - share) + mel[lower + 1] * share


def coloured(mel: Tensor, colour: Colour, rng: random.Random) -> Tensor:
    """(128, frames) log-mel without the floor to the same, as another speaker and channel."""
    if colour.warp != 1.0:
        mel = warped(mel, colour.warp)
    axis = torch.linspace(-0.5, 0.5, mel.shape[0])
    curve = colour.tilt_db * axis + colour.gain_db
    waves, phase = rng.uniform(0.5, 3.0), rng.uniform(0, 2 * math.pi)
    curve = curve + colour.ripple_db * torch.sin(2 * math.pi * waves * axis + phase)
    mel = mel + (_DB * curve)[:, None]
    noise = torch.randn(mel.shape, generator=torch.Generator().manual_seed(rng.getrandbits(48)))
    floor = mel.max() - _DB * colour.floor_db + 3 * _DB * noise
    return torch.maximum(mel, floor).clamp_min(SILENCE)


def masked(mel: Tensor, strength: float, rng: random.Random) -> Tensor:
    """SpecAugment: bands and stretches set to the clip's mean; `strength` 0 leaves it alone."""
    bands, frames = mel.shape
    mean = mel.mean()
    mel = mel.clone()
    for _ in range(2):
        width = int(rng.random() * 14 * strength)
        start = rng.randrange(bands - width)
        mel[start : start + width] = mean
    for _ in range(1 + frames // 150):
        width = min(int(rng.random() * 12 * strength), frames // 8)
        start = rng.randrange(frames - width)
        mel[:, start : start + width] = mean
    return mel
