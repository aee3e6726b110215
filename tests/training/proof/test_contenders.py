"""What could ship, judged by hand."""

from dataclasses import replace

from tests.training.proof.scores import CLIPS
from training.proof.contenders import RoutedClip, cross_fitted
from training.score import ErrorCount


def clip(sentence: int, probability: float, base: int, robust: int) -> RoutedClip:
    return RoutedClip(
        replace(CLIPS[0], text=f"sentence {sentence}"),
        ErrorCount(substitutions=base, reference_length=10),
        ErrorCount(substitutions=robust, reference_length=10),
        probability,
    )


def test_a_threshold_that_fits_its_own_half_only_is_not_credited() -> None:
    """Each half wants another threshold; with that of the other, both do badly."""
    clips = [
        *(clip(0, 0.3, base=9, robust=1) for _ in range(3)),  # wants the adapter from 0.3 on
        *(clip(1, 0.3, base=1, robust=9) for _ in range(3)),  # wants it not
    ]
    assert sum(one.errors for one in cross_fitted(clips)) == 6 * 9


def test_a_threshold_that_both_halves_agree_on_is() -> None:
    clips = [
        clip(number, probability, *errors)
        for number in range(4)
        for probability, errors in ((0.1, (0, 5)), (0.7, (5, 0)))
    ]
    assert sum(one.errors for one in cross_fitted(clips)) == 0
    assert len(cross_fitted(clips)) == len(clips)
