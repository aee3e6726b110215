"""Something like speech: a gliding voice in syllables with pauses, from numbers alone."""

import numpy as np

from training.simulate.effect import SAMPLE_RATE, Wave


def spoken(duration_s: float, seed: int = 0) -> Wave:
    """(samples,) harmonics of a voice under a syllable rhythm, peak 0.5."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    pitch_hz = 120.0 + 40.0 * np.sin(2 * np.pi * 0.7 * t + rng.random())
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE
    voice = sum(np.sin(n * phase + rng.random()) / n for n in range(1, 25))
    wave = voice * np.clip(np.sin(2 * np.pi * 2.2 * t) + 0.3, 0.0, None)
    return (0.5 * wave / max(np.abs(wave).max(), 1e-9)).astype(np.float32)
