"""How a hypothesis lines up with its reference: correct tokens, soft and hard errors.

Edit distance alone leaves a choice: several alignments have the fewest edits, and they differ in
what they call a substitution. Here the choice is fixed by what it says about the listener: among
the alignments of fewest edits, one with the most correct tokens, and among those one with the most
soft substitutions. Alignments that tie even then have equal counts, so every count is a function
of the two texts alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

SOFT_SIMILARITY = 0.5
"""A substitution of at least this similarity is a soft error (Mega-ASR, DG-WGPO)."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Counts of one alignment, in tokens.

    Attributes:
        correct: tokens of the reference that were heard.
        soft: substitutions by a similar token.
        hard: substitutions by a token that is not similar.
        deletions: tokens of the reference that are missing.
        insertions: tokens that are not in the reference.
    """

    correct: int = 0
    soft: int = 0
    hard: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def substitutions(self) -> int:
        """Soft and hard ones."""
        return self.soft + self.hard

    @property
    def edits(self) -> int:
        """The edit distance."""
        return self.soft + self.hard + self.deletions + self.insertions

    @property
    def reference_length(self) -> int:
        """Tokens of the reference."""
        return self.correct + self.soft + self.hard + self.deletions

    @property
    def hypothesis_length(self) -> int:
        """Tokens of the hypothesis."""
        return self.correct + self.soft + self.hard + self.insertions


@lru_cache(maxsize=1 << 16)
def similarity(hypothesis: str, reference: str) -> float:
    """``1 - edit(h, r) / max(|h|, |r|)`` over the characters of two tokens, in [0, 1]."""
    return Levenshtein.normalized_similarity(hypothesis, reference)


def _is_soft(hypothesis: str, reference: str) -> bool:
    # Two different characters have nothing in common: Chinese, where most of the time would go.
    lone = len(hypothesis) == len(reference) == 1
    return not lone and similarity(hypothesis, reference) >= SOFT_SIMILARITY


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> Alignment:
    """Aligns two token sequences; see the module for which alignment it is.

    Time grows with the length times the edit distance.
    """
    start, end = _common(reference, hypothesis)
    left, right = reference[start : len(reference) - end], hypothesis[start : len(hypothesis) - end]
    edits, correct, soft = _best(left, right)
    missing_or_replaced = len(left) - correct
    insertions = edits - missing_or_replaced
    deletions = insertions + len(left) - len(right)
    return Alignment(
        correct=start + correct + end,
        soft=soft,
        hard=missing_or_replaced - deletions - soft,
        deletions=deletions,
        insertions=insertions,
    )


def _common(a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
    """Lengths of the common start and, behind it, the common end: correct in a best alignment."""
    shorter = min(len(a), len(b))
    start = next((i for i in range(shorter) if a[i] != b[i]), shorter)
    rest = shorter - start
    end = next((i for i in range(rest) if a[-1 - i] != b[-1 - i]), rest)
    return start, end


def _best(reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[int, int, int]:
    """Edits, correct tokens and soft substitutions of the best alignment.

    One integer orders alignments: ``edits * unit**2 - correct * unit - soft`` with a unit that no
    count reaches. Only the diagonals that an alignment of so few edits can touch are visited.
    """
    rows, columns = len(reference), len(hypothesis)
    if not rows or not columns:
        return rows + columns, 0, 0
    distance = Levenshtein.distance(reference, hypothesis)
    unit = rows + columns + 1
    edit = unit * unit
    beyond = (unit + 1) * edit
    detour = (distance - abs(columns - rows)) // 2
    low, high = min(0, columns - rows) - detour, max(0, columns - rows) + detour
    width = high - low + 1
    # Cell x of a row is the column row + low + x: a step down the diagonal keeps x.
    above = [(low + x) * edit if 0 <= low + x <= columns else beyond for x in range(width)]
    above.append(beyond)
    for row, token in enumerate(reference, start=1):
        current = [beyond] * (width + 1)
        before = beyond
        for x in range(max(0, -row - low), min(width, columns - row - low + 1)):
            column = row + low + x
            cost = min(above[x + 1], before) + edit
            if column:
                other = hypothesis[column - 1]
                if token == other:
                    paired = above[x] - unit
                else:
                    paired = above[x] + edit - _is_soft(other, token)
                cost = min(cost, paired)
            current[x] = before = cost
        above = current
    total = above[columns - rows - low]
    edits = -(-total // edit)
    correct, soft = divmod(edits * edit - total, unit)
    return edits, correct, soft
