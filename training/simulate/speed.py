"""Faster or slower speech at the same pitch.

WSOLA (Verhelst and Roelands, ICASSP 1993): overlapping segments are laid at another distance than
they were taken at, and each is taken where it best continues the one before it.
"""

import math

import numpy as np
import numpy.typing as npt

from training.simulate.effect import SAMPLE_RATE, Wave

SLOWEST, FASTEST = 0.75, 1.5

_HOP = SAMPLE_RATE // 50  # 20 ms between segments, each twice as long
_REACH = _HOP * 2 // 5  # 8 ms either way: one period of the deepest voice, 62 Hz
_COARSE = 4  # samples; speech has its power below a quarter of the band
_QUIET = 1e-9


def change_speed(wave: Wave, factor: float) -> Wave:
    """The wave at `factor` times its speed: (round(samples / factor),), pitch and range kept.

    Raises:
        ValueError: the factor is not within `SLOWEST` and `FASTEST`.
    """
    if not SLOWEST <= factor <= FASTEST:
        raise ValueError(f"speed {factor} is not within {SLOWEST} and {FASTEST}")
    if factor == 1.0:
        return wave.copy()
    samples = round(len(wave) / factor)
    segments = math.ceil(samples / _HOP) + 1
    # Room for the search at both ends, and a rise into the first segment.
    lead = _HOP + _REACH
    padded = np.pad(wave, (lead, 3 * _HOP + 2 * _REACH))
    # The first segment only ends where the wave begins; the next begins there.
    wanted = lead + np.rint((np.arange(segments) - 1) * _HOP * factor).astype(np.int64)
    wanted[0] = lead - _HOP
    starts = _starts(padded, np.clip(wanted, _REACH, len(padded) - 2 * _HOP - _REACH))
    rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(_HOP) + 0.5) / _HOP)).astype(np.float32)
    inside = np.arange(_HOP)
    rising = padded[starts[1:, None] + inside]
    falling = padded[starts[:-1, None] + _HOP + inside]
    joined: Wave = falling + (rising - falling) * rise
    return joined.reshape(-1)[:samples]


def _starts(wave: Wave, wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where each segment is taken, at most `_REACH` from where it is wanted.

    The search goes in steps of `_COARSE` samples first, by normalised correlation, then sample by
    sample around the best of them.
    """
    thin = wave[::_COARSE].copy()
    energy = np.concatenate([[0.0], np.cumsum(np.square(thin, dtype=np.float64))])
    length, reach = _HOP // _COARSE, _REACH // _COARSE
    starts = [int(wanted[0])]
    for place in wanted[1:].tolist():
        follows = starts[-1] + _HOP
        at = follows // _COARSE
        template = thin[at : at + length]
        first = place // _COARSE - reach
        last = first + 2 * reach + length
        likeness = np.correlate(thin[first:last], template)
        powers = energy[first + length : last + 1] - energy[first : last + 1 - length]
        lag = int(np.argmax(likeness / np.sqrt(powers + _QUIET)))
        # The same remainder as the template's, then as far around as a coarse step reaches.
        near = (first + lag) * _COARSE + follows % _COARSE - _COARSE
        region = wave[max(near, 0) : near + 2 * _COARSE + _HOP]
        fine = np.correlate(region, wave[follows : follows + _HOP])
        starts.append(max(near, 0) + int(np.argmax(fine)))
    return np.array(starts)
