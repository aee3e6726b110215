"""What goes into the recogniser and what comes out."""

from dataclasses import dataclass

from engine.errors import UsageError
from engine.languages import resolve
from engine.samples import SAMPLE_RATE_HZ, Samples, checked


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A stretch of speech to recognise.

    Attributes:
        samples: shape (n,), float32, 16 kHz, in [-1, 1].
        gate: weight of the robust adapter, in [0, 1]: 0 is the base route, 1 the robust one, what
            lies between blends softly.
        language: English name or ISO code to force, or None to have it detected.
        context: free text that the model reads first, such as names it should know; may be empty.

    Raises:
        InvalidAudioError: the samples are no sound.
        UsageError: an unknown language, or a gate out of range.
    """

    samples: Samples
    gate: float = 0.0
    language: str | None = None
    context: str = ""

    def __post_init__(self) -> None:
        checked(self.samples)
        resolve(self.language)
        if not 0.0 <= self.gate <= 1.0:
            raise UsageError(f"The weight of the adapter must be in [0, 1], not {self.gate}.")

    @property
    def duration_s(self) -> float:
        """Length, s."""
        return len(self.samples) / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the model heard in a clip.

    Attributes:
        text: the words, trimmed; a stretch repeated more than 20 times is shown once.
        language: English name of the language, forced or detected; None when none was heard.
        confidence: geometric mean of the probabilities of the text's tokens, in [0, 1]; of all
            generated tokens when there is no text. Tags and end marks do not count.
        raw_text: what the model wrote, tag and repetitions included.
        token_ids: the same as tokens, without the end mark.
        truncated: the token budget, or a loop, ended it, not the model.
    """

    text: str
    language: str | None
    confidence: float
    raw_text: str
    token_ids: tuple[int, ...]
    truncated: bool
