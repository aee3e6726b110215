"""What cutting gives, and how it can be told to cut. Plain data."""

from dataclasses import dataclass
from enum import StrEnum

from engine.samples import SAMPLE_RATE_HZ, Samples

WINDOW = 512
"""Samples that are judged together: 32 ms, the window of the speech detector."""

SPEECH_PROBABILITY = 0.5
"""From here on a window counts as speech where seconds of speech are counted."""

LONGEST_SEGMENT_S = 30.0
"""The recogniser's window; audio beyond 34 s never reaches the router either."""


class StretchKind(StrEnum):
    """What a stretch holds."""

    SPEECH = "speech"
    SILENCE = "silence"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a recording; stretches follow each other without gap or overlap.

    Attributes:
        start: position of the first sample, at 16 kHz.
        end: position behind the last sample.
        kind: speech, or why it need not be transcribed.
        samples: mono float32 [end - start] of speech; None otherwise.
        speech_s: seconds of it that were judged speech (probability 0.5 and more).
    """

    start: int
    end: int
    kind: StretchKind
    samples: Samples | None = None
    speech_s: float = 0.0

    @property
    def start_s(self) -> float:
        """Start, s; times 16000 it is exactly ``start`` again."""
        return self.start / SAMPLE_RATE_HZ

    @property
    def end_s(self) -> float:
        """End, s."""
        return self.end / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class CutOptions:
    """Where speech begins and ends, and how long a segment may get.

    The thresholds are far below the 0.5 at which speech is usually told from the rest: missed
    words are lost for good, a segment without words costs a moment and the guard sees it.

    Attributes:
        max_segment_s: no segment is longer; in [1, 30].
        min_segment_s: shorter ones join a neighbour if there is one near.
        pause_s: a pause this long ends a segment that has reached ``min_segment_s``; shorter
            ones only near ``max_segment_s``. Conversation turns are separated by about that
            much, and a new voice may need another route.
        join_s: a segment that is too short still joins a neighbour across a pause up to here.
        pad_s: audio kept before and behind speech.
        min_gap_s: what lies between two paddings and is shorter goes to its neighbours.
        speech_threshold: probability at which speech begins.
        pause_threshold: probability below which speech is over.
        min_speech_s: shorter bursts are no speech unless one of their windows is ``sure``.
        sure_threshold: probability at which a single window is speech.
        silence_dbfs: a stretch without speech of less mean power than this is silence, one of
            more is noise; dB relative to full scale.

    Raises:
        ValueError: ``max_segment_s`` is out of range, or the thresholds are out of order.
    """

    max_segment_s: float = 20.0
    min_segment_s: float = 1.0
    pause_s: float = 0.6
    join_s: float = 1.5
    pad_s: float = 0.25
    min_gap_s: float = 0.5
    speech_threshold: float = 0.2
    pause_threshold: float = 0.12
    min_speech_s: float = 0.096
    sure_threshold: float = 0.5
    silence_dbfs: float = -60.0

    def __post_init__(self) -> None:
        if not 1.0 <= self.max_segment_s <= LONGEST_SEGMENT_S:
            raise ValueError(f"max_segment_s must be in [1, 30], not {self.max_segment_s}")
        thresholds = (self.pause_threshold, self.speech_threshold, self.sure_threshold)
        if not 0.0 < thresholds[0] <= thresholds[1] <= thresholds[2] <= 1.0:
            raise ValueError(f"thresholds must ascend within (0, 1], not {thresholds}")
        if not 0.0 < self.pause_s <= self.join_s:
            raise ValueError(f"pause_s must be in (0, join_s], not {self.pause_s}")
