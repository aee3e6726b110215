"""Errors of one text against its reference, by minimum edit distance over tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from training.score.alignment import Alignment, align
from training.score.normalizers import Normalizer, bench


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Edits that turn the reference into the hypothesis. Counts add up, so rates can be pooled.

    Attributes:
        substitutions: tokens replaced.
        deletions: tokens of the reference that are missing.
        insertions: tokens that are not in the reference.
        reference_length: tokens of the reference.
    """

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    reference_length: int = 0

    @classmethod
    def of(cls, alignment: Alignment) -> Self:
        """The counts of one alignment."""
        return cls(
            alignment.substitutions,
            alignment.deletions,
            alignment.insertions,
            alignment.reference_length,
        )

    @property
    def errors(self) -> int:
        """All edits."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """Errors per token of the reference; may exceed 1.

        Without a reference there is nothing to divide by: 0 where nothing was inserted either,
        otherwise None.
        """
        if self.reference_length:
            return self.errors / self.reference_length
        return None if self.errors else 0.0

    def __add__(self, other: "ErrorCount") -> "ErrorCount":
        return ErrorCount(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.reference_length + other.reference_length,
        )


def count_errors(
    reference: str, hypothesis: str, language: str = "en", normalizer: Normalizer = bench
) -> ErrorCount:
    """Counts word errors (English) or character errors (Chinese).

    Args:
        reference: what was said.
        hypothesis: what was heard.
        language: ISO code; decides between words and characters.
        normalizer: applied to both texts.
    """
    return compare(normalizer(reference, language), normalizer(hypothesis, language))


def compare(reference: Sequence[str], hypothesis: Sequence[str]) -> ErrorCount:
    """Counts the edits between two token sequences, along the alignment that `align` chooses."""
    return ErrorCount.of(align(reference, hypothesis))
