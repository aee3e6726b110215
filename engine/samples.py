"""What every model here takes: mono float32 samples at 16 kHz, checked before they are used."""

import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidAudioError

SAMPLE_RATE_HZ = 16_000
"""Rate of all audio inside the engine."""

Samples = NDArray[np.float32]


def checked(samples: Samples) -> Samples:
    """The same samples, if they are sound.

    The models accept emptiness and NaN without a word and answer with nonsense.

    Args:
        samples: shape (n,), float32, 16 kHz, n >= 1; values are expected in [-1, 1].

    Raises:
        InvalidAudioError: wrong type, shape or dtype, no samples, NaN or infinity.
    """
    if not isinstance(samples, np.ndarray) or samples.dtype != np.float32:
        kind = samples.dtype if isinstance(samples, np.ndarray) else type(samples).__name__
        raise InvalidAudioError(f"Audio must be a float32 array, not {kind}.")
    if samples.ndim != 1:
        raise InvalidAudioError(
            f"Audio must be mono, one dimension, not of shape {samples.shape}.",
            remedy="Mix the channels down first.",
        )
    if samples.size == 0:
        raise InvalidAudioError("The audio holds no samples.")
    if not np.isfinite(samples).all():
        raise InvalidAudioError(
            "The audio holds values that are no numbers (NaN or infinity).",
            remedy="Export the recording again from the program that made it.",
        )
    return samples
