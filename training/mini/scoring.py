"""Word error rate of many sentences, pooled, by the benchmark's rule."""

from collections.abc import Sequence

from training.score import ErrorCount, count_errors


def word_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Percent of the words of all references; there has to be one."""
    pairs = zip(references, hypotheses, strict=True)
    total = sum((count_errors(*pair) for pair in pairs), start=ErrorCount())
    return 100.0 * total.errors / total.reference_length
