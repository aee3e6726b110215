"""The one alignment: by hand, against every alignment there is, and for any texts."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from training.score import Alignment, align
from training.score.alignment import similarity

TOKENS = st.lists(st.sampled_from(["cat", "cats", "dog", "天", "气"]), max_size=9)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("the cat sat", "the cat sat", Alignment(correct=3)),
        ("the cat sat", "the bat sat", Alignment(correct=2, soft=1)),
        ("the cat sat", "the dog sat", Alignment(correct=2, hard=1)),
        ("the cat sat", "the sat", Alignment(correct=2, deletions=1)),
        ("the cat sat", "", Alignment(deletions=3)),
        ("", "the cat", Alignment(insertions=2)),
        ("", "", Alignment()),
        # Two edits either way: the one that hears "cat" as "cats".
        ("the cats sat", "cat sat", Alignment(correct=1, soft=1, deletions=1)),
        # Two edits either way: the one with a correct token.
        ("a b", "b c", Alignment(correct=1, deletions=1, insertions=1)),
        ("今 天 天 气", "今 田 气", Alignment(correct=2, hard=1, deletions=1)),
    ],
)
def test_by_hand(reference: str, hypothesis: str, expected: Alignment) -> None:
    assert align(reference.split(), hypothesis.split()) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("cat", "bat", 2 / 3), ("cat", "cats", 0.75), ("天", "气", 0.0), ("on", "at", 0.0),
     ("abcd", "ab", 0.5)],
)  # fmt: skip
def test_similarity_is_one_less_edits_over_the_longer(
    one: str, other: str, expected: float
) -> None:
    assert similarity(one, other) == similarity(other, one) == pytest.approx(expected)


@given(TOKENS, TOKENS)
def test_it_is_the_best_of_all_alignments(reference: list[str], hypothesis: list[str]) -> None:
    found = align(reference, hypothesis)
    assert (found.edits, found.correct, found.soft) == _best_of_all(
        tuple(reference), tuple(hypothesis)
    )
    assert found.edits == Levenshtein.distance(reference, hypothesis)
    assert found.reference_length == len(reference)
    assert found.hypothesis_length == len(hypothesis)
    assert min(found.soft, found.hard, found.deletions, found.insertions) >= 0


def _best_of_all(reference: tuple[str, ...], hypothesis: tuple[str, ...]) -> tuple[int, int, int]:
    """Tries everything, from the left."""

    @cache
    def best(i: int, j: int) -> tuple[int, int, int]:
        if i == len(reference) and j == len(hypothesis):
            return (0, 0, 0)
        options = []
        if i < len(reference):
            edits, correct, soft = best(i + 1, j)
            options.append((edits + 1, correct, soft))
        if j < len(hypothesis):
            edits, correct, soft = best(i, j + 1)
            options.append((edits + 1, correct, soft))
        if i < len(reference) and j < len(hypothesis):
            edits, correct, soft = best(i + 1, j + 1)
            one, other = reference[i], hypothesis[j]
            if one == other:
                options.append((edits, correct + 1, soft))
            else:
                options.append((edits + 1, correct, soft + (similarity(one, other) >= 0.5)))
        return min(options, key=lambda found: (found[0], -found[1], -found[2]))

    return best(0, 0)
