"""Clips that failed, and clips that only have errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.score import Failure, FailureCounts, align, find_failures
from training.score.repetition import is_repetitive

TEN = "one two three four five six seven eight nine ten"
LOOP = "thank you for watching "


def failures(reference: str, hypothesis: str) -> set[Failure]:
    said, heard = reference.split(), hypothesis.split()
    return set(find_failures(said, heard, align(said, heard)))


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        (TEN, TEN, set()),
        (TEN, "", {Failure.EMPTY, Failure.OMISSION}),
        (TEN, "one two three four five", set()),  # exactly half is missing
        (TEN, "one two three four", {Failure.OMISSION}),
        (TEN, TEN + " and we are very glad", set()),  # five of fifteen
        ("one two", "one two and we are very glad", {Failure.HALLUCINATION}),
        (TEN, "please do not forget about our newsletter today dear friends",
         {Failure.HALLUCINATION}),
        ("hello there", "good day", set()),  # misheard: too little to be invented
        ("walking quickly homewards", "talking quick homeward", set()),  # soft errors only
        ("", "", set()),
        ("", "you", {Failure.HALLUCINATION}),
        (TEN, TEN + " " + LOOP * 4, {Failure.HALLUCINATION, Failure.REPETITION}),
        (LOOP * 4, LOOP * 4, set()),  # it was spoken so
        (LOOP * 4, LOOP * 8, {Failure.REPETITION}),
    ],
)  # fmt: skip
def test_each_failure(reference: str, hypothesis: str, expected: set[Failure]) -> None:
    assert failures(reference, hypothesis) == expected


def test_rates_count_clips() -> None:
    both = frozenset({Failure.EMPTY, Failure.OMISSION})
    counts = FailureCounts.of([both, frozenset(), frozenset({Failure.OMISSION}), frozenset()])
    assert counts == FailureCounts(clips=4, empty=1, omission=2, any=2)
    assert counts.rate(Failure.OMISSION) == 0.5
    assert FailureCounts().rate(Failure.EMPTY) == 0.0


@pytest.mark.parametrize(
    ("hypothesis", "reference", "expected"),
    [
        ("no no no no no", "", False),
        ("no no no no no no", "", True),
        ("a b " * 4, "", False),
        ("a b " * 5, "", True),
        ("a b c " * 3, "", False),
        ("a b c " * 4, "", True),
        ("a b c " * 4, "a b c", False),
        ("a b c " * 5, "a b c", True),
        (" ".join("哈" * 6), "", True),
        ("", "a b c", False),
    ],
)
def test_a_loop_is_what_recurs_beyond_the_reference(
    hypothesis: str, reference: str, expected: bool
) -> None:
    assert is_repetitive(hypothesis.split(), reference.split()) is expected


@given(st.lists(st.sampled_from("ab"), max_size=30))
def test_what_was_spoken_is_never_a_loop(tokens: list[str]) -> None:
    assert not is_repetitive(tokens, tokens)
