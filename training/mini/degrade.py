"""Damage for the table of the card and for the sample: noise, rooms, both, at stated levels.

Small on purpose, and apart from the simulator that the adapter learns from: white, pink and babble
noise, and rooms as a direct sound with an exponentially decaying noise tail (T60 the time to fall
by 60 dB). All waves are (samples,) float32 at 16 kHz.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from training.mini.speak import LEVEL, SAMPLE_RATE

COLOURS = ("white", "pink", "babble")
Speech = Callable[[], Tensor]


@dataclass(frozen=True, slots=True)
class Damage:
    """What is done to a clip: a room (None: none), then noise (None: none), then a gain."""

    t60_s: float | None = None
    distance: float = 1.0
    noise: str | None = None
    snr_db: float = 0.0
    gain_db: float = 0.0


def _generator(rng: random.Random) -> torch.Generator:
    return torch.Generator().manual_seed(rng.getrandbits(48))


def rms(wave: Tensor) -> Tensor:
    """Root mean square, never zero."""
    return wave.square().mean().sqrt().clamp_min(1e-6)


def coloured_noise(samples: int, exponent: float, rng: random.Random) -> Tensor:
    """Noise whose power falls with frequency to the power `exponent` (0 white, 1 pink), rms 1."""
    size = max(samples, 2)
    spectrum = torch.fft.rfft(torch.randn(size, generator=_generator(rng)))
    frequency = torch.arange(spectrum.shape[0]).clamp_min(1)
    shaped = torch.fft.irfft(spectrum * frequency ** (-exponent / 2), n=size)[:samples]
    noise: Tensor = shaped / rms(shaped)
    return noise


def babble(samples: int, speech: Speech, rng: random.Random) -> Tensor:
    """Four to eight talkers at once, rms 1. `speech` gives a random clip."""
    mixed = torch.zeros(samples)
    for _ in range(rng.randint(4, 8)):
        row = speech()
        while row.shape[0] < samples:
            row = torch.cat([row, speech()])
        start = rng.randrange(row.shape[0] - samples + 1)
        mixed += row[start : start + samples] * rng.uniform(0.5, 1.0)
    return mixed / rms(mixed)


def room(wave: Tensor, t60_s: float, distance: float, rng: random.Random) -> Tensor:
    """Reverberation. `distance` is the level of the tail relative to the direct sound."""
    size = int(t60_s * SAMPLE_RATE)
    decay = torch.exp(-3 * math.log(10) * torch.arange(size) / size)
    tail = torch.randn(size, generator=_generator(rng)) * decay
    tail[: rng.randint(20, 200)] = 0
    tail = tail / tail.square().sum().sqrt() * distance
    tail[0] = 1.0
    length = wave.shape[0] + size
    spectrum = torch.fft.rfft(wave, length) * torch.fft.rfft(tail, length)
    wet = torch.fft.irfft(spectrum, length)[: wave.shape[0]]
    dry_level: Tensor = wet * (rms(wave) / rms(wet))
    return dry_level


def damaged(wave: Tensor, damage: Damage, speech: Speech, rng: random.Random) -> Tensor:
    """The wave after the damage, clipped to [-1, 1]."""
    if damage.t60_s is not None:
        wave = room(wave, damage.t60_s, damage.distance, rng)
    if damage.noise is not None:
        if damage.noise == "babble":
            noise = babble(wave.shape[0], speech, rng)
        else:
            noise = coloured_noise(wave.shape[0], float(damage.noise == "pink"), rng)
        wave = wave + noise * rms(wave) * 10 ** (-damage.snr_db / 20)
    return (wave * 10 ** (damage.gain_db / 20)).clamp(-1, 1)


def noise_wave(samples: int, rng: random.Random) -> Tensor:
    """No speech: digital silence, hum, or noise of any colour, level and movement."""
    kind = rng.random()
    if kind < 0.2:
        return torch.zeros(samples)
    level = LEVEL * 10 ** rng.uniform(-3, 0.8)
    time_s = torch.arange(samples) / SAMPLE_RATE
    if kind < 0.3:
        hum = torch.sin(2 * math.pi * rng.choice((50, 60, 100, 120, 440)) * time_s)
        return (hum + 0.1 * coloured_noise(samples, 1.0, rng)) * level
    wave = coloured_noise(samples, rng.uniform(-0.5, 2.5), rng) * level
    if kind > 0.7:
        beat = torch.sin(2 * math.pi * rng.uniform(0.2, 6.0) * time_s + rng.uniform(0, 6))
        wave = wave * (1 + rng.uniform(0.2, 1.0) * beat)
    return wave.clamp(-1, 1)
