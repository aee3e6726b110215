"""Error counts against hand-made alignments, and what must hold for any two texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.score import ErrorCount, count_errors, whisper
from training.score.error_rate import compare

WORDS = st.lists(st.sampled_from(["a", "b", "c", "dd"]), max_size=8)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("the cat sat", "the cat sat", ErrorCount(0, 0, 0, 3)),
        ("the cat sat", "the bat sat", ErrorCount(1, 0, 0, 3)),
        ("the cat sat", "the cat", ErrorCount(0, 1, 0, 3)),
        ("the cat sat", "the fat cat sat", ErrorCount(0, 0, 1, 3)),
        ("the cat sat", "", ErrorCount(0, 3, 0, 3)),
        ("", "made up words", ErrorCount(0, 0, 3, 0)),
        ("", "", ErrorCount()),
        ("The cat, sat!", "the CAT sat", ErrorCount(0, 0, 0, 3)),
        ("a b c d e", "x b d e f g", ErrorCount(1, 1, 2, 5)),
    ],
)
def test_word_errors(reference: str, hypothesis: str, expected: ErrorCount) -> None:
    assert count_errors(reference, hypothesis) == expected


def test_character_errors_ignore_spaces_and_punctuation() -> None:
    assert count_errors("今天天气很好。", "今天，天汽 好", "zh") == ErrorCount(1, 1, 0, 6)


def test_the_normalizer_is_a_parameter() -> None:
    assert count_errors("twenty five", "25").errors == 2
    assert count_errors("twenty five", "25", normalizer=whisper).errors == 0


def test_rate_without_reference_is_no_number_unless_nothing_was_said() -> None:
    assert ErrorCount(insertions=3).rate is None
    assert ErrorCount().rate == 0.0
    assert ErrorCount(1, 1, 4, 3).rate == 2.0


@given(WORDS, WORDS)
def test_errors_are_a_distance_within_its_bounds(a: list[str], b: list[str]) -> None:
    there, back = compare(a, b), compare(b, a)
    assert there.errors == back.errors
    assert abs(len(a) - len(b)) <= there.errors <= max(len(a), len(b))
    assert len(a) - there.deletions + there.insertions == len(b)
    assert (there.errors == 0) == (a == b)


@given(WORDS, WORDS, WORDS)
def test_triangle_inequality(a: list[str], b: list[str], c: list[str]) -> None:
    assert compare(a, c).errors <= compare(a, b).errors + compare(b, c).errors
