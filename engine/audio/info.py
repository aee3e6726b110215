"""Plain data about a recording, and what every decoder here offers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from engine.samples import SAMPLE_RATE_HZ as SAMPLE_RATE_HZ
from engine.samples import Samples as Samples

MISSING_TOLERANCE_S = 0.25
"""Less than this short of the stated duration is codec padding, not damage; s."""

Warn = Callable[[str], None]
"""Takes one sentence about the recording, for people."""

Check = Callable[[], None]
"""Raises when nobody wants the rest of the recording any more."""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a file says about its audio, before it is decoded.

    Attributes:
        duration_s: stated length, s; None where the format does not state one that can be
            trusted (raw AAC, a recording still being written).
        sample_rate_hz: of the file, not of what `stream` yields.
        channels: of the file.
        container: short name of the file format ("wav", "mov,mp4,m4a,3gp,3g2,mj2").
        codec: short name of the encoding ("pcm_16", "aac").
    """

    duration_s: float | None
    sample_rate_hz: int
    channels: int
    container: str
    codec: str


class Source(Protocol):
    """An open recording, decoded piece by piece at its own rate.

    Attributes:
        info: what the file says about itself.
        start_s: place in the recording of the first sample that iteration yields, s.
    """

    info: AudioInfo
    start_s: float

    def __iter__(self) -> Iterator[tuple[int, Samples]]:
        """Yields (rate in Hz, mono samples) until the audio ends or can't be read on."""

    def close(self) -> None:
        """Lets go of the file; safe to call twice."""
