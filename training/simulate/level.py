"""How loud a wave is: active speech level, mean power, LUFS."""

import math
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.signal import sosfilt

from training.simulate.effect import SAMPLE_RATE, Wave

FRAME = SAMPLE_RATE // 50  # 20 ms
ACTIVE_RANGE_DB = 40.0  # frames further than this below the loudest one are pauses

_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_OFFSET_LUFS = -0.691  # so that 997 Hz, where the weighting has +0.691 dB, reads as its power


def frame_powers(wave: Wave, frame: int = FRAME) -> npt.NDArray[np.float64]:
    """(frames,) mean power of consecutive frames; the last may be shorter.

    Sums without BLAS: its result depends on how many threads it was given.
    """
    whole = len(wave) - len(wave) % frame
    frames = wave[:whole].reshape(whole // frame, frame)
    powers: npt.NDArray[np.float64]
    powers = np.einsum("ij,ij->i", frames, frames).astype(np.float64) / frame
    rest = wave[whole:]
    if len(rest):
        powers = np.append(powers, float(np.einsum("i,i->", rest, rest)) / len(rest))
    return powers


def mean_power(wave: Wave) -> float:
    """Mean of the squared samples; 0 for an empty wave."""
    if not len(wave):
        return 0.0
    powers = frame_powers(wave)
    weights = np.full(len(powers), float(FRAME))
    weights[-1] = len(wave) - FRAME * (len(powers) - 1)
    return float((powers * weights).sum() / len(wave))


def active_power(wave: Wave) -> float:
    """Mean power of the frames within `ACTIVE_RANGE_DB` of the loudest; 0 for silence.

    This is the speech level that every SNR in this package refers to: pauses do not lower it.
    """
    powers = frame_powers(wave)
    loudest = float(powers.max(initial=0.0))
    if loudest == 0.0:
        return 0.0
    return float(powers[powers >= loudest * 10.0 ** (-ACTIVE_RANGE_DB / 10.0)].mean())


def loudness_lufs(wave: Wave) -> float:
    """Integrated loudness, mono, by ITU-R BS.1770-4: K-weighting, blocks of 400 ms, two gates.

    A wave shorter than a block counts as one block. -inf where nothing passes the absolute gate.
    """
    hop = SAMPLE_RATE // 10
    weighted = sosfilt(_k_weighting(), wave).astype(np.float32)
    if len(weighted) < 4 * hop:
        blocks = np.array([mean_power(weighted)])
    else:
        powers = frame_powers(weighted[: len(weighted) - len(weighted) % hop], hop)
        blocks = np.convolve(powers, np.full(4, 0.25), "valid")
    blocks = blocks[blocks > _power(_ABSOLUTE_GATE_LUFS)]
    if not len(blocks):
        return -math.inf
    gate = blocks.mean() * 10.0 ** (_RELATIVE_GATE_LU / 10.0)
    return _OFFSET_LUFS + 10.0 * math.log10(float(blocks[blocks > gate].mean()))


def decibels(power: float) -> float:
    """10 log10; -inf for 0."""
    return 10.0 * math.log10(power) if power > 0.0 else -math.inf


def gain(gain_db: float) -> np.float32:
    """The factor for samples."""
    return np.float32(10.0 ** (gain_db / 20.0))


def peak(wave: Wave) -> float:
    """The largest magnitude; 0 for an empty wave."""
    return max(float(wave.max(initial=0.0)), -float(wave.min(initial=0.0)))


def within_full_scale(wave: Wave) -> tuple[Wave, float]:
    """The wave turned down so far that its peak is at most 1, and by how many dB (0 or less)."""
    highest = peak(wave)
    if highest <= 1.0:
        return wave, 0.0
    return np.clip(wave * np.float32(1.0 / highest), -1.0, 1.0), -20.0 * math.log10(highest)


def _power(lufs: float) -> float:
    return float(10.0 ** ((lufs - _OFFSET_LUFS) / 10.0))


@cache
def _k_weighting() -> npt.NDArray[np.float64]:
    """(2, 6) the head's high shelf and the high-pass, as second-order sections.

    BS.1770 tabulates them for 48 kHz; these are its analogue prototypes (De Man, "Evaluation of
    implementations of the EBU R128 loudness measurement", 2014) at this package's rate.
    """
    k = math.tan(math.pi * 1681.974450955533 / SAMPLE_RATE)
    q, high = 0.7071752369554196, 10.0 ** (3.999843853973347 / 20.0)
    middle = high**0.4996667741545416
    shelf = [high + middle * k / q + k * k, 2 * (k * k - high), high - middle * k / q + k * k]
    shelf += [1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k]
    k, q = math.tan(math.pi * 38.13547087602444 / SAMPLE_RATE), 0.5003270373238773
    pole = [1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k]
    high_pass = [pole[0], -2 * pole[0], pole[0], *pole]
    return np.array([[value / row[3] for value in row] for row in (shelf, high_pass)])
