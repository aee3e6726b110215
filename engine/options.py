"""What a person can ask of a transcription, as one frozen value."""

from dataclasses import dataclass

from engine.errors import UsageError
from engine.transcript import USUAL_THRESHOLD, Route, RoutePolicy


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """Options of one transcription.

    Attributes:
        threshold: degraded probability from which the robust route is taken, in [0, 1]; lower
            sends more speech to the robust route. None for the one that the model's router was
            made with.
        route: a route for every segment, or None to ask the router.
        language: ISO code or English name to force, or None to detect it in every segment.
        context: hot words or a sentence about the topic, free text.
        start_s: begin here; times in the result still count from the start of the file.
        max_segment_s: longest segment, in [1, 30].

    Raises:
        UsageError: a value is out of its range.
    """

    threshold: float | None = None
    route: Route | None = None
    language: str | None = None
    context: str = ""
    start_s: float = 0.0
    max_segment_s: float = 20.0

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0.0 <= self.threshold <= 1.0:
            raise UsageError(
                f"The threshold is {self.threshold}, but a probability lies between 0 and 1.",
                remedy="Use a number from 0 (always robust) to 1 (almost always base).",
            )
        if not 1.0 <= self.max_segment_s <= 30.0:
            raise UsageError(
                f"Segments of {self.max_segment_s} s were asked for.",
                remedy="Use a length from 1 to 30 seconds.",
            )
        if not self.start_s >= 0.0:
            raise UsageError(
                f"The start is {self.start_s} s.", remedy="Use 0 or a positive number of seconds."
            )

    @property
    def policy(self) -> RoutePolicy:
        """How routes are decided under these options; by the usual threshold where none is set."""
        threshold = USUAL_THRESHOLD if self.threshold is None else self.threshold
        return RoutePolicy(forced=self.route, threshold=threshold)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transcription is, by audio and not by guess.

    Attributes:
        done_s: audio that is finished, s.
        total_s: length of the file, s; None while it is unknown.
    """

    done_s: float
    total_s: float | None
