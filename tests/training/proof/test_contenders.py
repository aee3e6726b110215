"""What could ship, judged by hand."""

from dataclasses import replace
from pathlib import Path

from tests.training.proof.scores import CLIPS
from training.proof.contenders import Candidate, RoutedClip, cross_fitted, judged
from training.proof.material import Trials
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


def trials() -> Trials:
    """Enough clips of each kind for a verdict."""
    clean = [replace(CLIPS[0], id=f"c{n}", text=f"a b c d {n}") for n in range(40)]
    degraded = [replace(CLIPS[-1], id=f"d{n}", text=f"a b c d {n}") for n in range(40)]
    return Trials(tuple(clean[:1] + degraded[:1]), tuple(degraded), tuple(clean))


def candidate(found: Trials, heard: str, to_adapter: int) -> Candidate:
    """Hears every degraded clip as told, clean ones rightly; so many clean clips go to it."""
    right = {clip.id: clip.text for clip in found.all}
    said = {clip.id: 0.9 for clip in found.held_out}
    said |= {clip.id: 0.9 if n < to_adapter else 0.1 for n, clip in enumerate(found.unharmed)}
    wrong = {clip.id: "" for clip in found.held_out}
    texts = right | {clip.id: heard or clip.text for clip in found.held_out}
    router = Path("router.safetensors")  # without a report beside it: the threshold is 0.5
    return Candidate("sha", router, False, texts, right | wrong, said)


def test_what_is_better_and_harms_nobody_may_ship() -> None:
    found = trials()
    present, better = candidate(found, "a", 1), candidate(found, "", 1)
    passes, words = judged(better, present, found)
    assert passes
    assert "clean speech is safe" in words


def test_what_takes_clean_speech_from_the_base_may_not_even_where_it_is_better() -> None:
    found = trials()
    present, greedy = candidate(found, "a", 1), candidate(found, "", 10)
    passes, words = judged(greedy, present, found)
    assert not passes
    assert "25.0% of the clean sentences go to the adapter" in words
