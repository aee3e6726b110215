"""Noises synthesised from a kind and a number: the same samples every time.

Each goes round without a seam: it is made of sounds that are periodic over `LENGTH_S` or that are
placed on a circle of that length. All are free of offset and have the same mean power.
"""

import math
import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import fft

from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.level import mean_power

LENGTH_S = 30
NUMBERS = 8  # textures of each kind in an edition
VERSION = 1  # of how they are made: those kept from another version are not used

_SAMPLES = LENGTH_S * SAMPLE_RATE
_LEVEL = 0.1  # root mean square
_LOWEST_HZ = 40.0
_TABLE = 4_096  # samples of one period of a periodic sound


def texture(kind: str, number: int) -> Wave:
    """(480,000,) one of `KINDS`; number from 0 on, `NUMBERS` to an edition.

    Raises:
        KeyError: there is no such kind.
    """
    rng = np.random.default_rng((zlib.crc32(kind.encode()), number))
    return levelled(_MAKERS[kind](rng, number))


def babble(talkers: list[Wave]) -> Wave:
    """(480,000,) people talking at once, each as loud as the others."""
    mixture = np.zeros(_SAMPLES, np.float32)
    for talker in talkers:
        mixture += levelled(np.resize(talker, _SAMPLES))
    return levelled(mixture)


def levelled(wave: Wave) -> Wave:
    """Without what lies below hearing, at the level of all textures; silence stays silence."""
    spectrum = fft.rfft(wave)
    spectrum[: math.ceil(_LOWEST_HZ * len(wave) / SAMPLE_RATE)] = 0.0
    wave = fft.irfft(spectrum, len(wave))
    power = mean_power(wave)
    return wave * np.float32(_LEVEL / math.sqrt(power)) if power > 0.0 else wave


def _coloured(exponent: float) -> Callable[[np.random.Generator, int], Wave]:
    """Noise whose power goes with the frequency to this exponent."""
    return lambda rng, _: _noise(rng, lambda hz: hz ** (exponent / 2.0))


def _hum(rng: np.random.Generator, number: int) -> Wave:
    """Mains at 50 or 60 Hz that drifts a little, its harmonics, and some hiss."""
    harmonics = np.arange(1, 41)
    heights = harmonics ** -rng.uniform(0.6, 1.4) * rng.lognormal(0.0, 0.6, len(harmonics))
    heights[1::2] *= rng.uniform(0.3, 2.0)
    hum = _turning((50.0, 60.0)[number % 2], heights, rng, drift=0.002)
    return levelled(hum) + _noise(rng, lambda hz: hz**-0.5) * np.float32(0.05 * _LEVEL)


def _street(rng: np.random.Generator, _: int) -> Wave:
    """Rumble, cars that pass, now and then a horn."""
    street = 0.5 * _noise(rng, lambda hz: 1.0 / (1.0 + (hz / 150.0) ** 2))
    tyres = _noise(rng, lambda hz: 1.0 / (1.0 + (hz / 900.0) ** 2))
    hiss = _noise(rng, lambda hz: hz / 2_000.0 / (1.0 + (hz / 2_500.0) ** 2))
    for _car in range(int(rng.integers(5, 10))):
        at_s, width_s, near = rng.uniform(0, LENGTH_S), rng.uniform(1.0, 3.5), rng.uniform(0.4, 1.2)
        street += tyres * _swell(at_s, width_s, near)
        # High frequencies are heard only while it is close.
        street += hiss * _swell(at_s, 0.4 * width_s, 0.5 * near)
    for _horn in range(int(rng.integers(0, 3))):
        place, length = int(rng.integers(_SAMPLES)), int(rng.uniform(0.25, 0.9) * SAMPLE_RATE)
        lower_hz = rng.uniform(330.0, 480.0)
        heights = 0.7 ** np.arange(8.0)
        tone = _ringing(lower_hz, heights, length) + _ringing(1.25 * lower_hz, heights, length)
        edge = np.minimum(np.minimum(np.arange(length), np.arange(length)[::-1]) / 480.0, 1.0)
        _add(street, place, tone * edge * rng.uniform(0.3, 0.8))
    return street


def _machine(rng: np.random.Generator, _: int) -> Wave:
    """A motor, the fan on it, and metal that knocks at every turn of something slow."""
    turns_hz = rng.uniform(18.0, 60.0)
    heights = np.arange(1, 61) ** -rng.uniform(0.4, 1.0) * rng.lognormal(0.0, 0.8, 60)
    machine = levelled(_turning(turns_hz, heights, rng, drift=0.01)) / np.float32(_LEVEL)
    centre_hz = rng.uniform(500.0, 2_000.0)
    fan = _noise(rng, lambda hz: 1.0 / (1.0 + (hz / centre_hz) ** 2))
    blades = np.zeros(6)
    blades[0] = 1.0
    flutter = 1.0 + 0.5 * _turning(turns_hz / 2.0, blades, rng, drift=0.01)
    machine += np.float32(rng.uniform(0.5, 1.5)) * fan * flutter
    knocks = round(LENGTH_S / rng.uniform(0.3, 1.4))
    modes_hz = rng.uniform(600.0, 4_500.0, 5)
    times_s = np.arange(SAMPLE_RATE // 3) / SAMPLE_RATE
    clank = sum(np.sin(2 * math.pi * hz * times_s) for hz in modes_hz) * np.exp(
        -times_s / rng.uniform(0.015, 0.05)
    )
    loud = rng.uniform(0.5, 1.5)
    for knock in range(knocks):
        _add(machine, knock * _SAMPLES // knocks, clank * loud * rng.uniform(0.6, 1.0))
    return machine


_MAKERS: dict[str, Callable[[np.random.Generator, int], Wave]] = {
    "white": _coloured(0.0),
    "pink": _coloured(-1.0),
    "brown": _coloured(-2.0),
    "blue": _coloured(1.0),
    "hum": _hum,
    "street": _street,
    "machine": _machine,
}

KINDS = tuple(_MAKERS)
"""Those that need nobody's speech."""


def _noise(
    rng: np.random.Generator, shape: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
) -> Wave:
    """Gaussian noise of unit power whose spectrum has this shape, Hz to amplitude."""
    spectrum = fft.rfft(rng.standard_normal(_SAMPLES, np.float32))
    hz = np.maximum(fft.rfftfreq(_SAMPLES, 1.0 / SAMPLE_RATE), _LOWEST_HZ).astype(np.float32)
    wave = levelled(fft.irfft(spectrum * shape(hz), _SAMPLES))
    return wave / np.float32(_LEVEL)


def _turning(
    hz: float, heights: npt.NDArray[np.float64], rng: np.random.Generator, drift: float
) -> Wave:
    """A periodic sound whose frequency wanders slowly by the share `drift`."""
    angle = np.arange(_TABLE) * (2 * math.pi / _TABLE)
    phases = rng.uniform(0.0, 2 * math.pi, len(heights))
    table = sum(
        height * np.sin((at + 1) * angle + phase)
        for at, (height, phase) in enumerate(zip(heights, phases, strict=True))
    )
    times = np.arange(_SAMPLES, dtype=np.float64) / _SAMPLES
    turns = round(hz * LENGTH_S) * times
    for slow in range(1, 6):
        wander = drift * hz * LENGTH_S / (2 * math.pi * slow) * rng.uniform(-0.5, 0.5)
        turns += wander * np.sin(2 * math.pi * (slow * times + rng.random()))
    places = (turns * _TABLE).astype(np.int64) % _TABLE
    turning: Wave = np.asarray(table, np.float32)[places]
    return turning


def _ringing(hz: float, heights: npt.NDArray[np.float64], samples: int) -> Wave:
    times_s = np.arange(samples) / SAMPLE_RATE
    tones = [h * np.sin(2 * math.pi * hz * (n + 1) * times_s) for n, h in enumerate(heights)]
    ringing: Wave = np.sum(tones, axis=0).astype(np.float32)
    return ringing


def _swell(at_s: float, width_s: float, height: float) -> Wave:
    """Something that comes and goes, on the circle."""
    away_s = np.abs(np.arange(_SAMPLES, dtype=np.float32) / SAMPLE_RATE - np.float32(at_s))
    away_s = np.minimum(away_s, LENGTH_S - away_s)
    swell: Wave = np.float32(height) / (1.0 + (away_s / np.float32(width_s)) ** 2)
    return swell


def _add(wave: Wave, place: int, sound: npt.NDArray[np.floating]) -> None:
    """Adds a short sound in place, on the circle."""
    sound = sound.astype(np.float32)
    ahead = min(len(sound), len(wave) - place)
    wave[place : place + ahead] += sound[:ahead]
    wave[: len(sound) - ahead] += sound[ahead:]
