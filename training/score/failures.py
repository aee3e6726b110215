"""Failures beyond wrong words: what a recogniser does when it has lost the speaker.

The paper had a language model judge hallucination and missing speech; here each failure is a rule
on the alignment, so that everybody counts the same. A clip may fail in several ways at once: empty
output is also an omission, and a loop is mostly also a hallucination.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from training.score.alignment import Alignment
from training.score.repetition import is_repetitive

OMITTED_SHARE = 0.5
"""More of the reference than this deleted: an omission."""

INVENTED_SHARE = 0.5
"""More of the hypothesis than this without any counterpart in the reference: a hallucination."""

MIN_INVENTED = 3
"""Tokens. Fewer are misheard, not invented; without a reference one is enough."""


class Failure(StrEnum):
    """One way to fail."""

    EMPTY = "empty"
    """Something was said, nothing was written."""
    OMISSION = "omission"
    """More than half of what was said is missing."""
    HALLUCINATION = "hallucination"
    """Most of what was written was never said: insertions, and substitutions by tokens that do
    not even resemble the spoken ones. In Chinese, where a character resembles no other, text that
    is garbled beyond half counts too."""
    REPETITION = "repetition"
    """A loop that nobody spoke; see `training.score.repetition`."""


@dataclass(frozen=True, slots=True)
class FailureCounts:
    """How many of `clips` failed, in each way and in any."""

    clips: int = 0
    empty: int = 0
    omission: int = 0
    hallucination: int = 0
    repetition: int = 0
    any: int = 0

    @classmethod
    def of(cls, clips: Iterable[frozenset[Failure]]) -> "FailureCounts":
        """Counts the failures of many clips."""
        seen = list(clips)
        kinds = {kind.value: sum(kind in found for found in seen) for kind in Failure}
        return cls(clips=len(seen), any=sum(map(bool, seen)), **kinds)

    def rate(self, kind: Failure) -> float:
        """Share of the clips, in [0, 1]; 0 without clips."""
        count: int = getattr(self, kind.value)
        return count / self.clips if self.clips else 0.0


def find_failures(
    reference: Sequence[str], hypothesis: Sequence[str], alignment: Alignment
) -> frozenset[Failure]:
    """How one clip failed, if it did.

    Args:
        reference: tokens of what was said.
        hypothesis: tokens of what was written.
        alignment: of the two.
    """
    invented = alignment.insertions + alignment.hard
    enough = MIN_INVENTED if reference else 1
    found = {
        Failure.EMPTY: bool(reference) and not hypothesis,
        Failure.OMISSION: alignment.deletions > OMITTED_SHARE * len(reference),
        Failure.HALLUCINATION: (invented >= enough and invented > INVENTED_SHARE * len(hypothesis)),
        Failure.REPETITION: is_repetitive(hypothesis, reference),
    }
    return frozenset(kind for kind, is_so in found.items() if is_so)
