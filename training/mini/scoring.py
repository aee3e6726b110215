"""Word error rate, as the benchmark counts it: lower case, punctuation is a space, pooled."""

import unicodedata
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein


def score_words(text: str) -> list[str]:
    """The words that count: every character of a Unicode punctuation category is a space."""
    spaced = "".join(" " if unicodedata.category(c).startswith("P") else c for c in text.lower())
    return spaced.split()


def word_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """Substitutions, insertions and deletions together, and the words of the reference."""
    expected = score_words(reference)
    return Levenshtein.distance(expected, score_words(hypothesis)), len(expected)


def word_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Pooled over all sentences, in percent."""
    counts = [word_errors(*pair) for pair in zip(references, hypotheses, strict=True)]
    return 100.0 * sum(errors for errors, _ in counts) / sum(words for _, words in counts)
