"""What a transcript is: plain, frozen data. Knows no torch, no Qt and no file format."""

from dataclasses import dataclass, replace
from enum import StrEnum

USUAL_THRESHOLD = 0.5
"""Degraded probability from which the robust route is taken, for a router that says no other
(Mega-ASR's own default)."""


class Route(StrEnum):
    """Which model heard a segment."""

    BASE = "base"
    """Qwen3-ASR alone."""
    ROBUST = "robust"
    """Qwen3-ASR with the robust LoRA mounted."""

    @property
    def other(self) -> "Route":
        """The route not taken."""
        return Route.ROBUST if self is Route.BASE else Route.BASE


class DecidedBy(StrEnum):
    """Who chose the route of a segment."""

    ROUTER = "router"
    """The degraded probability against the threshold."""
    USER = "user"
    """A person, for this segment or for the whole file."""
    GUARD = "guard"
    """The guard: the router's choice failed and the other route read better."""
    DEFAULT = "default"
    """Nobody had to choose: the model has no adapter or no router."""


class Flag(StrEnum):
    """What the guard found suspicious about a decoding."""

    REPETITION = "repetition"
    NO_SPEECH = "no_speech"
    SPEAKING_RATE = "speaking_rate"
    TRUNCATED = "truncated"
    CONTEXT_LEAK = "context_leak"


class NonSpeechKind(StrEnum):
    """Why a stretch was not transcribed."""

    SILENCE = "silence"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Decoding:
    """One reading of a segment, by one route.

    Attributes:
        route: the route that produced it.
        text: what was heard, parsed and trimmed.
        language: English name of the language ("English"), or None when none was heard.
        confidence: geometric mean of the token probabilities, in [0, 1].
        flags: what the guard found.
        raw_text: the model's output as it came, before parsing.
    """

    route: Route
    text: str
    language: str | None
    confidence: float
    flags: tuple[Flag, ...] = ()
    raw_text: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech of at most 30 s and what was heard in it.

    Attributes:
        start_s: start in the file, s; ``start_s * 16000`` is an exact sample position.
        end_s: end in the file, s.
        text: what is shown: the chosen decoding's text, or what the person wrote.
        language: English name of the language, or None.
        route: route of the shown text.
        degraded_probability: the router's probability of "degraded", in [0, 1]; None without one.
        decided_by: who chose the route.
        confidence: of the chosen decoding, in [0, 1].
        flags: of the chosen decoding.
        alternatives: every decoding made of this segment, the chosen one included, one a route.
        edited: the text is the person's own.
    """

    start_s: float
    end_s: float
    text: str = ""
    language: str | None = None
    route: Route = Route.BASE
    degraded_probability: float | None = None
    decided_by: DecidedBy = DecidedBy.DEFAULT
    confidence: float = 0.0
    flags: tuple[Flag, ...] = ()
    alternatives: tuple[Decoding, ...] = ()
    edited: bool = False

    @property
    def duration_s(self) -> float:
        """Length, s."""
        return self.end_s - self.start_s

    def decoding(self, route: Route) -> Decoding | None:
        """The stored decoding of ``route``, or None when it was never made."""
        return next((d for d in self.alternatives if d.route is route), None)

    def with_decoding(self, decoding: Decoding) -> "Segment":
        """Stores a decoding, in place of an earlier one by the same route; shows nothing new."""
        kept = tuple(d for d in self.alternatives if d.route is not decoding.route)
        return replace(self, alternatives=(*kept, decoding))

    def choosing(self, route: Route, decided_by: DecidedBy) -> "Segment":
        """Shows the stored decoding of ``route``. What a person wrote stays.

        Raises:
            KeyError: there is no decoding by that route.
        """
        chosen = self.decoding(route)
        if chosen is None:
            raise KeyError(f"no decoding by the {route} route")
        shown = replace(
            self,
            route=route,
            decided_by=decided_by,
            language=chosen.language,
            confidence=chosen.confidence,
            flags=chosen.flags,
        )
        return shown if self.edited else replace(shown, text=chosen.text)

    def rewritten(self, text: str) -> "Segment":
        """The person's own text in place of the model's."""
        return replace(self, text=text, edited=True)


@dataclass(frozen=True, slots=True)
class NonSpeech:
    """A stretch that holds no speech and was therefore not transcribed. Times in s."""

    start_s: float
    end_s: float
    kind: NonSpeechKind


@dataclass(frozen=True, slots=True)
class Transcript:
    """A routed transcript of one recording.

    Attributes:
        source: path of the recording as the person gave it.
        duration_s: length of the audio that was read, s.
        segments: speech, in order of time.
        non_speech: the rest, in order of time.
        model: name of the model folder.
        threshold: degraded probability from which the robust route is taken, in [0, 1].
        warnings: sentences about the recording ("the last 12.0 s are missing").
        complete: False when the work was cancelled or broke off; what is here is sound.
    """

    source: str
    duration_s: float
    segments: tuple[Segment, ...] = ()
    non_speech: tuple[NonSpeech, ...] = ()
    model: str = ""
    threshold: float = USUAL_THRESHOLD
    warnings: tuple[str, ...] = ()
    complete: bool = True

    @property
    def text(self) -> str:
        """All text, one space between segments."""
        return " ".join(s.text for s in self.segments if s.text)

    @property
    def robust_share(self) -> float:
        """Share of speech, by duration, that went to the robust route; in [0, 1]."""
        speech_s = sum(s.duration_s for s in self.segments)
        robust_s = sum(s.duration_s for s in self.segments if s.route is Route.ROBUST)
        return robust_s / speech_s if speech_s else 0.0


@dataclass(frozen=True, slots=True)
class RoutePolicy:
    """How routes are decided.

    Attributes:
        forced: a route for every segment, or None to ask the router.
        threshold: degraded probability from which the robust route is taken, in [0, 1].
    """

    forced: Route | None = None
    threshold: float = USUAL_THRESHOLD

    def __post_init__(self) -> None:
        if not 0.0 <= self.threshold <= 1.0:
            raise ValueError(f"threshold must be in [0, 1], not {self.threshold}")
