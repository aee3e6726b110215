"""Hearing a part of a recording. Knows no Qt."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.capture.portaudio import portaudio
from engine.errors import DeviceError

TAIL_S = 0.25
"""Silence after the last sample: what ends a stream also drops what its buffers still hold."""


class Player:
    """Plays one sound at a time through the system's own loudspeaker."""

    def __init__(self) -> None:
        self._stream: Any = None

    def play(self, samples: NDArray[np.float32], rate_hz: int, on_end: Callable[[], None]) -> None:
        """Plays mono samples in [-1, 1]; what was playing stops.

        Args:
            samples: shape (n,), float32.
            rate_hz: samples a second.
            on_end: called on PortAudio's thread when the last sample was heard; not after `stop`.

        Raises:
            DeviceError: PortAudio is missing, or there is nothing to play with.
        """
        self.stop()
        sd = portaudio()
        position = 0

        def fill(out: NDArray[np.float32], count: int, when: Any, status: Any) -> None:
            nonlocal position
            part = samples[position : position + count]
            out[: len(part), 0] = part
            out[len(part) :] = 0
            position += count
            if position >= len(samples) + round(TAIL_S * rate_hz):
                raise sd.CallbackStop

        def ended() -> None:
            if self._stream is stream:
                on_end()

        try:
            stream = sd.OutputStream(
                samplerate=rate_hz,
                channels=1,
                dtype="float32",
                callback=fill,
                finished_callback=ended,
            )
            self._stream = stream
            stream.start()
        except sd.PortAudioError as error:
            self._stream = None
            raise DeviceError(
                f"The sound cannot be played: {error}.",
                "The recording and its transcript are untouched.",
                "Connect a loudspeaker or headphones, then try again.",
            ) from error

    def stop(self) -> None:
        """Silence, at once."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
