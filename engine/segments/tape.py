"""The last seconds of a stream: samples, and what is known of each window of them."""

import numpy as np
from numpy.typing import NDArray

from engine.samples import SAMPLE_RATE_HZ, Samples
from engine.segments.stretch import SPEECH_PROBABILITY, WINDOW


class Tape:
    """Holds windows [origin, known) with samples, probability and power; forgets on demand.

    Attributes:
        origin: first window still held.
        count: samples seen so far, held or not.
    """

    def __init__(self) -> None:
        self.origin = 0
        self.count = 0
        self._samples: list[Samples] = []
        self._probability: list[float] = []
        self._power: list[float] = []
        self._unmeasured = np.zeros(0, np.float32)

    @property
    def known(self) -> int:
        """Windows whose probability is known."""
        return self.origin + len(self._probability)

    def push(self, samples: Samples) -> None:
        """Appends samples [n]."""
        self.count += len(samples)
        self._samples.append(samples)
        joined = np.concatenate([self._unmeasured, samples])
        whole = len(joined) - len(joined) % WINDOW
        windows = joined[:whole].reshape(-1, WINDOW).astype(np.float64)
        self._power += np.square(windows).mean(axis=1).tolist()
        self._unmeasured = joined[whole:]

    def judge(self, probability: float) -> None:
        """Appends the probability of the next window.

        Raises:
            ValueError: that window's samples have not come.
        """
        if self.known >= -(-self.count // WINDOW):
            raise ValueError("more probabilities than windows of samples")
        self._probability.append(probability)

    def finish(self) -> None:
        """Measures the last, shorter window."""
        if len(self._unmeasured):
            self._power.append(float(np.square(self._unmeasured, dtype=np.float64).mean()))
            self._unmeasured = self._unmeasured[:0]

    def samples(self, start: int, end: int) -> Samples:
        """Samples of windows [start, end), the last one as far as it goes."""
        joined = np.concatenate(self._samples)
        self._samples = [joined]
        base = self.origin * WINDOW
        return joined[start * WINDOW - base : end * WINDOW - base].copy()

    def speech_s(self, start: int, end: int) -> float:
        """Seconds of windows [start, end) with a probability of 0.5 and more."""
        held = self._probability[start - self.origin : end - self.origin]
        windows = sum(p >= SPEECH_PROBABILITY for p in held)
        return min(windows * WINDOW, self.count - start * WINDOW) / SAMPLE_RATE_HZ

    def energy(self, start: int, end: int) -> float:
        """Sum of the mean powers of windows [start, end)."""
        return sum(self._power[start - self.origin : end - self.origin])

    def quietest(self, start: int, end: int) -> int:
        """Window of [start, end) at which a cut does least harm.

        The least speech-like (probability, mean of three windows) and quietest: 40 dB of level
        weigh as much as the whole range of probability. The earliest of equals.
        """
        around = self._window_array(self._probability, start - 1, end + 1)
        smooth = np.convolve(around, np.full(3, 1 / 3), mode="valid")
        level_db = 10.0 * np.log10(self._window_array(self._power, start, end) + 1e-10)
        return start + int(np.argmin(smooth + level_db / 40.0))

    def forget(self, before: int) -> None:
        """Drops windows before ``before``."""
        gone = before - self.origin
        if gone <= 0:
            return
        joined = np.concatenate(self._samples)
        self._samples = [joined[gone * WINDOW :].copy()]
        del self._probability[:gone], self._power[:gone]
        self.origin = before

    def _window_array(self, values: list[float], start: int, end: int) -> NDArray[np.float64]:
        """Values of windows [start, end); beyond the edges the nearest."""
        index = np.clip(np.arange(start, end) - self.origin, 0, len(self._probability) - 1)
        return np.asarray(values)[index]
