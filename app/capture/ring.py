"""A ring buffer between the audio callback and the writer: no lock, no allocation."""

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.int16]


class RingBuffer:
    """One thread writes, another one reads, neither waits.

    Each position is changed by one side only and only grows; what lies between them belongs to
    the reader, the rest to the writer.

    Args:
        capacity: samples that fit.
    """

    def __init__(self, capacity: int) -> None:
        self._samples = np.zeros(capacity, np.int16)
        self._written = 0
        self._read = 0
        self.lost = 0
        """Samples that found no room."""

    def write(self, frames: Frames) -> None:
        """Copies samples in; those that find no room are counted in `lost`. Writer's side."""
        room = len(self._samples) - (self._written - self._read)
        kept = min(len(frames), room)
        at = self._written % len(self._samples)
        first = min(kept, len(self._samples) - at)
        self._samples[at : at + first] = frames[:first]
        self._samples[: kept - first] = frames[first:kept]
        self.lost += len(frames) - kept
        self._written += kept

    def read(self) -> Frames:
        """Everything that is there, as a copy. Reader's side."""
        end = self._written
        at, count = self._read % len(self._samples), end - self._read
        first = min(count, len(self._samples) - at)
        taken = np.concatenate([self._samples[at : at + first], self._samples[: count - first]])
        self._read = end
        return taken
