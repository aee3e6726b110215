"""The impulse response of a room: early reflections by image sources, then a decaying tail.

The full image source method takes seconds for a long reverberation, since the number of images
grows with the cube of its time. Reflections up to order 10 are what the ear can tell apart; after
them a room is noise that decays (Polack, "La transmission de l'energie sonore dans les salles",
1988), and noise with the right decay costs nothing.
"""

import math

import numpy as np
import numpy.typing as npt
import pyroomacoustics
from scipy import fft
from scipy.signal import butter, sosfilt

from training.simulate.effect import SAMPLE_RATE, Wave

SPEED_M_S = 343.0
ORDER = 10

_SINC = 16  # taps to either side of a reflection between two samples
_ROUNDS = 4
_BANDS_HZ = (250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0)
_AIR_DB_M = (0.0013, 0.0027, 0.0047, 0.0099, 0.0297, 0.105)
"""Absorption by air at 20 degrees C, 50 % humidity, in each octave band (ISO 9613-1), dB/m."""

Point = tuple[float, float, float]
"""Metres from a corner: along, across, up."""

Decay = npt.NDArray[np.float64]


def room_response(
    size: Point,
    source: Point,
    microphone: Point,
    *,
    rt60_s: float,
    direct: bool,
    rng: np.random.Generator,
) -> Wave:
    """(taps,) response of a rectangular room, its first sound at tap 0 with gain 1, `rt60_s` long.

    The energy decay of what follows the first sound is brought to `rt60_s`. All of it but the
    first sound has passed a high-pass, since images of one sign would pile up an offset.

    Args:
        size: of the room, m.
        source: the mouth.
        microphone: where it is heard.
        rt60_s: reverberation time, s.
        direct: False leaves the direct path out, as if an obstacle stood in it; the first
            reflection is then the first sound.
        rng: makes the tail.
    """
    taps = math.ceil(rt60_s * SAMPLE_RATE)
    travels_m, gains = _images(size, source, microphone, rt60_s, direct)
    first = int(np.argmin(travels_m))
    delays = (travels_m - travels_m[first]) * (SAMPLE_RATE / SPEED_M_S)
    later = delays > 0.0
    early = _impulses(delays[later], gains[later] / gains[first], taps)

    times_s = np.arange(taps) / SAMPLE_RATE
    # From here on images of a higher order, which are not there, would arrive, too.
    mixed_s = min(ORDER * min(size) / SPEED_M_S, 0.5 * rt60_s)
    tail = _tail(taps, rt60_s, rng)
    joint = (times_s > 0.5 * mixed_s) & (times_s <= mixed_s)
    tail *= math.sqrt(np.mean(early[joint] ** 2) / np.mean(tail[joint] ** 2))
    rise = np.clip(2.0 * times_s / mixed_s - 1.0, 0.0, 1.0) * (math.pi / 2.0)
    reverberant = early * np.cos(rise) + tail * np.sin(rise)

    reverberant = sosfilt(butter(2, 60.0, "highpass", fs=SAMPLE_RATE, output="sos"), reverberant)
    for _ in range(_ROUNDS):
        measured_s = decay_s(reverberant)
        reverberant *= 10.0 ** (-3.0 * times_s * (1.0 / rt60_s - 1.0 / measured_s))
    reverberant[0] = 1.0
    return _through_air(reverberant, float(travels_m[first])).astype(np.float32)


def decay_s(response: npt.NDArray[np.floating]) -> float:
    """Time in which the energy decays by 60 dB, from its slope between -5 and -35 dB (T30), s.

    Source: Schroeder's backward integration, ISO 3382.
    """
    energy = np.cumsum(np.square(response[::-1], dtype=np.float64))[::-1]
    level_db = 10.0 * np.log10(energy / energy[0] + 1e-12)
    inside = np.flatnonzero((level_db <= -5.0) & (level_db >= -35.0))
    slope_db = np.polyfit(inside / SAMPLE_RATE, level_db[inside], 1)[0]
    return float(-60.0 / slope_db)


def _images(
    size: Point, source: Point, microphone: Point, rt60_s: float, direct: bool
) -> tuple[Decay, Decay]:
    """How far the sound of each image travels, m, and how loud it arrives."""
    volume, surface = math.prod(size), 2.0 * sum(math.prod(size) / side for side in size)
    absorption = 1.0 - math.exp(-24.0 * math.log(10.0) / SPEED_M_S * volume / (surface * rt60_s))
    room = pyroomacoustics.ShoeBox(
        size,
        fs=SAMPLE_RATE,
        materials=pyroomacoustics.Material(absorption),
        max_order=ORDER,
    )
    room.add_source(source)
    room.add_microphone(microphone)
    room.image_source_model()
    images = room.sources[0]
    kept = images.orders >= (0 if direct else 1)
    travels_m = np.linalg.norm(images.images[:, kept].T - np.array(microphone), axis=1)
    return travels_m, images.damping[0, kept] / travels_m


def _impulses(delays: Decay, gains: Decay, taps: int) -> Decay:
    """Impulses between the samples, each a windowed sinc."""
    inside = delays < taps - _SINC - 1
    delays, gains = delays[inside], gains[inside]
    around = np.arange(-_SINC, _SINC + 1)
    nearest = np.round(delays).astype(np.int64)
    away = around - (delays - nearest)[:, None]
    shapes = np.sinc(away) * np.cos(away * (math.pi / (2 * _SINC + 2))) ** 2
    places = nearest[:, None] + around
    weights = (shapes * gains[:, None])[places >= 0]
    return np.bincount(places[places >= 0], weights, taps).astype(np.float64)


def _tail(taps: int, rt60_s: float, rng: np.random.Generator) -> Decay:
    """White noise whose octave bands decay by 60 dB in `rt60_s`, and faster where air absorbs."""
    spectrum = fft.rfft(rng.standard_normal(taps))
    frequencies = np.maximum(fft.rfftfreq(taps, 1.0 / SAMPLE_RATE), 1.0)
    octaves = np.log2(frequencies / _BANDS_HZ[0])
    times_s = np.arange(taps) / SAMPLE_RATE
    tail = np.zeros(taps)
    for band, air_db_m in enumerate(_AIR_DB_M):
        # Neighbours share what lies between their centres; the outermost go on to the ends.
        share = np.clip(1.0 - np.abs(np.clip(octaves, 0, len(_BANDS_HZ) - 1) - band), 0.0, 1.0)
        loss_db_s = 60.0 / rt60_s + SPEED_M_S * air_db_m
        tail += fft.irfft(spectrum * share, taps) * 10.0 ** (-loss_db_s / 20.0 * times_s)
    return tail


def _through_air(response: Decay, travel_m: float) -> Decay:
    """What the way of the first sound takes from high frequencies, in two taps; tap 0 stays 1.

    Absorption grows with the square of the frequency, as the loss of such a filter does.
    """
    kept = 10.0 ** (-_AIR_DB_M[-1] * travel_m / 20.0)
    later = (1.0 - kept) / (1.0 + kept)
    heard = response.copy()
    heard[1:] += later * response[:-1]
    return heard
