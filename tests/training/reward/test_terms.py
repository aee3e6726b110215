"""Each term against sums done by hand."""

import pytest

from training.reward import terms
from training.score import Alignment, align

SAID = ["please", "print", "the", "forms", "before", "lunch", "today"]


def test_word_error_rate() -> None:
    assert terms.word_error_rate(Alignment(correct=5, soft=1, deletions=1)) == 2 / 7
    assert terms.word_error_rate(Alignment(insertions=3)) == 3.0  # nothing was said
    assert terms.word_error_rate(Alignment()) == 0.0


def test_r_wer_falls_below_zero_with_inventions() -> None:
    assert terms.r_wer(0.25) == 0.75
    assert terms.r_wer(3.0) == -2.0


def test_r_static() -> None:
    assert terms.r_static(1.0, 0.75) == 0.75
    assert terms.r_static(0.0, 0.75) == 0.0


@pytest.mark.parametrize(
    ("alignment", "expected"),
    [
        (Alignment(correct=7), 1.0),
        (Alignment(correct=5, soft=2), 5 / (5 + 0.8)),
        (Alignment(correct=5, hard=1, deletions=1), 5 / 7),
        (Alignment(correct=4, soft=1, hard=1, deletions=1, insertions=2), 4 / (4 + 4 + 0.4)),
        (Alignment(deletions=7), 0.0),
        (Alignment(soft=7), 0.0),
        (Alignment(insertions=2), 0.0),
        (Alignment(), 1.0),
    ],
)
def test_r_fine(alignment: Alignment, expected: float) -> None:
    assert terms.r_fine(alignment, 0.4) == pytest.approx(expected)


def test_soft_and_hard_errors_of_words_and_characters() -> None:
    heard = ["please", "prints", "the", "farms", "soon", "lunch"]
    # prints/print 5/6 and farms/forms 4/5 are near; soon/before 1 - 5/6 is not; today is missing.
    assert align(SAID, heard) == Alignment(correct=3, soft=2, hard=1, deletions=1)
    assert align(list("今天天气"), list("今田天")) == Alignment(correct=2, hard=1, deletions=1)


@pytest.mark.parametrize(
    ("hypothesis", "expected"),
    [
        (SAID, 1.0),
        ([], 0.0),
        (SAID[:4], 0.5 * 4 / 7 + 0.5 * (1 - 3 / 7)),
        (SAID[::-1], 0.5 * 1 / 7 + 0.5),  # order is lost, length kept
        (SAID + ["um"] * 7, 0.5),  # order is kept, length lost
        (["um"] * 20, 0.0),
        (["forms", "the", "print"], 0.5 * 1 / 7 + 0.5 * (1 - 4 / 7)),
    ],
)
def test_r_struc(hypothesis: list[str], expected: float) -> None:
    assert terms.r_struc(hypothesis, SAID) == pytest.approx(expected)


def test_r_struc_without_a_reference() -> None:
    assert terms.r_struc([], []) == 1.0
    assert terms.r_struc(["you"], []) == 0.0


def test_the_gate_opens_below_tau() -> None:
    assert terms.fine_weight(0.29, 0.3, 0.75) == 0.75
    assert terms.fine_weight(0.3, 0.3, 0.75) == 0.25
    assert terms.r_dyn(0.8, 0.4, 0.75) == pytest.approx(0.7)
    assert terms.r_dyn(0.8, 0.4, 0.25) == pytest.approx(0.5)


def test_combined() -> None:
    assert terms.combined(0.5, 1.0, 0.6) == pytest.approx(0.4 * 0.5 + 0.6)
