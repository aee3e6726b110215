"""Clips to learn routing from, and what the router should say about them.

The paper's router learns whether a clip is degraded. Users report that "degraded" is not "the
adapter helps": so where both routes have transcribed a clip, its *benefit* is learned instead, the
edits that the robust route saves. Both fit the published two-class head as one soft label.
"""

from dataclasses import dataclass
from pathlib import Path

from engine.audio import load
from engine.errors import UsageError
from engine.samples import Samples, checked
from training.score import ErrorCount


@dataclass(frozen=True, slots=True, eq=False)
class RoutingExample:
    """A clip and what is known about it; either a class or both error counts at least.

    Attributes:
        clip: an audio file, or samples of shape (n,), float32, 16 kHz.
        degraded: whether it is degraded, if known.
        base: errors of the base route on it, if known.
        robust: errors of the robust route, against the same reference.
        group: clips of the same group (one recording under many simulated conditions, one speaker)
            are no independent evidence: intervals draw groups. None: a group of its own.
    """

    clip: Path | Samples
    degraded: bool | None = None
    base: ErrorCount | None = None
    robust: ErrorCount | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        if (self.base is None) != (self.robust is None):
            raise UsageError("A clip for the router has the errors of one route without the other.")
        if self.degraded is None and self.base is None:
            raise UsageError("A clip for the router has neither a class nor errors of both routes.")
        if self.base and self.robust and self.base.reference_length != self.robust.reference_length:
            raise UsageError("The two routes of a clip were scored against different references.")

    @property
    def saved_edits(self) -> int | None:
        """Edits that the robust route saves; negative where it costs some; None if unknown."""
        if self.base is None or self.robust is None:
            return None
        return self.base.errors - self.robust.errors

    def samples(self) -> Samples:
        """The sound, shape (n,), float32, 16 kHz.

        Raises:
            AudioError: the file cannot be read, or the samples are no sound.
        """
        return checked(load(self.clip) if isinstance(self.clip, Path) else self.clip)


@dataclass(frozen=True, slots=True)
class Target:
    """What the router should say.

    Attributes:
        probability: of class 1, "degraded", which means: the robust route.
        weight: how much it matters, in edits; 0 where both routes do equally well and nothing
            else is known.
    """

    probability: float
    weight: float


def target(example: RoutingExample, prior_edits: float = 1.0) -> Target:
    """The soft label of a clip.

    With the weights as edits and the cross-entropy as loss, the ideal router's probability is at
    or above 1/2 exactly where the robust route is expected to save edits, so that routing by it
    has the lowest pooled error rate: cost-sensitive classification. The class "degraded" is worth
    ``prior_edits`` edits of evidence beside it: it settles ties, and tempers what one edit says.

    Args:
        example: the clip.
        prior_edits: weight of the class label, 0 or more; 0 learns the benefit alone.
    """
    saved = example.saved_edits or 0
    prior = 0.0 if example.degraded is None else prior_edits
    weight = abs(saved) + prior
    if weight == 0.0:
        return Target(0.5, 0.0)
    return Target((max(saved, 0) + (prior if example.degraded else 0.0)) / weight, weight)
