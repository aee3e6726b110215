"""Loops: a hypothesis that says again and again what was said once, or never.

The paper punishes a hypothesis that "repeats n-grams above a threshold" and names neither number.
Here an n-gram is repeated as often as it occurs beyond its occurrences in the reference, so that a
refrain that was heard rightly is no loop. One definition serves the reward and the failure rates.
"""

from collections import Counter
from collections.abc import Sequence

NGRAM = 3
"""Tokens. Pairs ("of the") recur in any long text; with four, short loops would end unseen."""

REPEAT_LIMIT = 3
"""So often an n-gram may occur beyond the reference. One more, as in the engine's guard, is a loop:
a phrase said four times, or one word said six times, where it was never spoken."""


def is_repetitive(
    hypothesis: Sequence[str],
    reference: Sequence[str] = (),
    *,
    ngram: int = NGRAM,
    limit: int = REPEAT_LIMIT,
) -> bool:
    """Whether some n-gram occurs more than ``limit`` times more often than in the reference.

    Args:
        hypothesis: tokens; words, or characters for Chinese.
        reference: tokens of the same kind.
        ngram: length of the n-grams, in tokens.
        limit: how often an n-gram may occur beyond the reference.
    """
    frequent = {gram: n for gram, n in _counts(hypothesis, ngram).items() if n > limit}
    if not frequent:
        return False
    spoken = _counts(reference, ngram)
    return any(n - spoken[gram] > limit for gram, n in frequent.items())


def _counts(tokens: Sequence[str], ngram: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[i:] for i in range(ngram)), strict=False))
