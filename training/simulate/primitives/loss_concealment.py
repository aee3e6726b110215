"""Packet loss concealment in the manner of ITU-T G.711 Appendix I: repeat the pitch, and fade."""

import numpy as np
import numpy.typing as npt

from training.simulate.effect import SAMPLE_RATE, Wave

SHORTEST_PITCH_S = 0.0025  # 400 Hz
LONGEST_PITCH_S = 0.015  # 66 Hz
HELD_S = 0.010  # at full level, then
FADED_S = 0.060  # silent after this long


def fill(frames: Wave, starts: npt.NDArray[np.intp], lengths: npt.NDArray[np.intp]) -> None:
    """Fills bursts of lost frames, in place, from the frame before each of them.

    Args:
        frames: (frames, samples per frame).
        starts: first lost frame of each burst.
        lengths: lost frames of each burst; a frame that arrived lies between two bursts.
    """
    size = frames.shape[1]
    wave = frames.reshape(-1)
    before = np.where(starts[:, None] > 0, frames[starts - 1], np.float32(0.0))
    pitch = np.repeat(_pitches(before), lengths * size)
    burst = np.repeat(np.arange(len(starts)), lengths * size)
    ends = np.cumsum(lengths * size)
    step = np.arange(ends[-1]) - np.repeat(ends - lengths * size, lengths * size)
    repeated = before[burst, size - pitch + step % pitch]
    fade = np.clip((FADED_S * SAMPLE_RATE - step) / ((FADED_S - HELD_S) * SAMPLE_RATE), 0.0, 1.0)
    wave[np.repeat(starts * size, lengths * size) + step] = repeated * fade.astype(np.float32)


def _pitches(frames: Wave) -> npt.NDArray[np.intp]:
    """The lag in samples, for each frame, at which it resembles itself most."""
    size = frames.shape[1]
    shortest = min(round(SHORTEST_PITCH_S * SAMPLE_RATE), size // 2)
    longest = min(round(LONGEST_PITCH_S * SAMPLE_RATE), size // 2 + 1)
    spectrum = np.fft.rfft(frames, 2 * size)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[:, shortest : longest + 1]
    # Longer lags have fewer terms: the mean term, not the sum.
    terms = size - np.arange(shortest, longest + 1)
    lags: npt.NDArray[np.intp] = shortest + np.argmax(likeness / terms, axis=1)
    return lags
