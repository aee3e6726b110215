"""Hearing one segment at a time."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.window.job import Job
from app.window.services import Playing
from engine.audio import SAMPLE_RATE_HZ, preview_span
from engine.errors import DeviceError, WildscribeError
from engine.transcript import Segment


class Listening(QObject):
    """Loads a segment in the background and plays it.

    Args:
        player: the loudspeaker.
        on_change: called when another segment, or none, is heard.
        on_error: called when it cannot be heard.
    """

    _ended = Signal()

    def __init__(
        self,
        player: Playing,
        on_change: Callable[[], None],
        on_error: Callable[[WildscribeError], None],
    ) -> None:
        super().__init__()
        self.start_s: float | None = None
        """Start of the segment that is heard, or None."""
        self._player = player
        self._on_change = on_change
        self._on_error = on_error
        self._ended.connect(self.stop)  # from PortAudio's thread to the window's

    def toggle(self, source: Path, segment: Segment) -> None:
        """Plays a segment, or stops it when it is playing."""
        again = self.start_s == segment.start_s
        self.stop()
        if again:
            return
        start_s, end_s = segment.start_s, segment.end_s
        self.start_s = start_s

        def fail(error: WildscribeError) -> None:
            self.stop()
            self._on_error(error)

        def play(samples: NDArray[np.float32]) -> None:
            if self.start_s == start_s:
                try:
                    self._player.play(samples, SAMPLE_RATE_HZ, self._ended.emit)
                except DeviceError as error:
                    fail(error)

        Job(lambda: preview_span(source, start_s, end_s)).on_success(play).on_failure(fail).run()
        self._on_change()

    def stop(self) -> None:
        """Silence."""
        if self.start_s is not None:
            self.start_s = None
            self._player.stop()
            self._on_change()
