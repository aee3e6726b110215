"""The decision, on constructed cases. Refusal is the default."""

from dataclasses import replace

import pytest

from tests.training.evaluate.making import scores
from training.evaluate import Group, Limits, Outcome, judge
from training.score import Bootstrap

LIMITS = Limits(bootstrap=Bootstrap(resamples=400))
HALF = [3, 5] * 20
LESS = [2, 4] * 20
MIXED = [4, 4, 2, 6] * 10
CLEAN = {Group.CLEAN: scores([0, 1] * 20, [0, 1] * 20)}


def _verdict(degraded=None, own=None, clean=CLEAN, limits=LIMITS):
    groups = {Group.DEGRADED: degraded, Group.OWN: own}
    return judge(clean | {k: v for k, v in groups.items() if v is not None}, limits)


def test_better_where_it_is_meant_to_be_and_harmless_on_clean_passes():
    verdict = _verdict(scores(LESS, HALF))
    assert verdict.promoted
    assert verdict.outcome is Outcome.BETTER
    degraded, clean = verdict.findings
    assert degraded.other_rate == 0.4
    assert degraded.new_rate == pytest.approx(0.3)
    assert degraded.difference.interval.estimate == pytest.approx(-0.1)
    assert clean.group is Group.CLEAN
    assert "40.00% (base) to 30.00% (new), -10.00 points" in verdict.reasons[0]


def test_the_same_is_not_better():
    verdict = _verdict(scores(HALF, HALF))
    assert not verdict.promoted
    assert verdict.outcome is Outcome.NOT_SHOWN
    assert "Not shown to be better than base" in verdict.reasons[0]


def test_better_on_average_but_by_accident_is_not_shown():
    verdict = _verdict(scores([*MIXED[:-1], 5], [*MIXED[1:], 4]))
    assert verdict.findings[0].difference.interval.estimate < 0
    assert verdict.outcome is Outcome.NOT_SHOWN


def test_worse_is_said_plainly():
    verdict = _verdict(scores(HALF, LESS))
    assert verdict.outcome is Outcome.WORSE
    assert verdict.headline == "The new adapter is worse; it is not promoted."
    assert "30.00% (base) to 40.00% (new)" in verdict.reasons[0]


def test_better_on_their_own_clips_is_enough_if_degraded_is_no_worse():
    assert _verdict(scores(HALF, HALF), scores(LESS, HALF)).promoted
    assert _verdict(scores(HALF, LESS), scores(LESS, HALF)).outcome is Outcome.WORSE


def test_better_on_degraded_clips_does_not_outweigh_their_own_that_may_suffer():
    """Not shown to be worse is not enough: it must be shown not to be."""
    noisy = scores([0, 9, *[4] * 38], [4] * 40)
    assert _verdict(scores(LESS, HALF), noisy).outcome is Outcome.NOT_SHOWN
    few = _verdict(scores(LESS, HALF), scores([9] * 19, [0] * 19))
    assert few.outcome is Outcome.NOT_SHOWN
    assert "Perhaps worse than base (limit +0.50 points)" in few.reasons[0]
    for_degraded = replace(LIMITS, meant_for=(Group.DEGRADED,))
    assert _verdict(scores(LESS, HALF), noisy, limits=for_degraded).promoted


def test_it_must_be_better_where_it_is_meant_to_be():
    for_own = replace(LIMITS, meant_for=(Group.OWN,))
    assert not _verdict(scores(LESS, HALF), scores(HALF, HALF), limits=for_own).promoted
    assert not _verdict(scores(LESS, HALF), limits=for_own).promoted
    assert _verdict(scores(HALF, LESS), scores(LESS, HALF), limits=for_own).promoted


def test_better_than_the_base_is_not_enough_beside_a_current_adapter():
    verdict = _verdict(scores(LESS, HALF, current=LESS))
    assert verdict.outcome is Outcome.NOT_SHOWN
    assert "better than current" in verdict.reasons[0]
    assert _verdict(scores(LESS, HALF, current=HALF)).promoted
    assert _verdict(scores(HALF, HALF, current=LESS)).outcome is Outcome.WORSE
    assert not _verdict(scores(HALF, LESS, current=HALF)).promoted


def test_harm_on_clean_speech_refuses():
    harmed = {Group.CLEAN: scores([1, 2] * 20, [0, 1] * 20)}
    verdict = _verdict(scores(LESS, HALF), clean=harmed)
    assert verdict.outcome is Outcome.WORSE
    assert "Clean speech suffers (limit +0.50 points)" in verdict.reasons[0]


def test_harm_within_the_limit_passes():
    harmed = {Group.CLEAN: scores([1] + [0] * 39, [0] * 40)}  # +0.25 points
    assert not _verdict(scores(LESS, HALF), clean=harmed).promoted  # the interval passes 0.5
    wider = replace(LIMITS, clean_regression=0.02)
    assert _verdict(scores(LESS, HALF), clean=harmed, limits=wider).promoted


def test_clean_speech_that_might_suffer_is_not_safe():
    unsure = {Group.CLEAN: scores([0, 3] * 20, [3, 0] * 20)}
    verdict = _verdict(scores(LESS, HALF), clean=unsure)
    assert verdict.outcome is Outcome.NOT_SHOWN
    assert "not shown to be safe" in verdict.reasons[0]


def test_without_clean_clips_nothing_passes():
    verdict = _verdict(scores(LESS, HALF), clean={})
    assert verdict.outcome is Outcome.NOT_SHOWN
    assert "No clean clips" in verdict.reasons[0]


def test_without_any_clip_it_is_meant_for_nothing_passes():
    verdict = _verdict()
    assert not verdict.promoted
    assert "No degraded or own clips were heard" in verdict.reasons[0]


def test_a_few_clips_show_nothing():
    verdict = _verdict(scores([0] * 19, [5] * 19))
    assert verdict.outcome is Outcome.NOT_SHOWN
    assert "too few" in verdict.reasons[0]


def test_copies_of_one_clip_count_once():
    copies = replace(scores([0] * 100, [5] * 100), draws=[n // 10 for n in range(100)])
    assert not _verdict(copies).promoted


def test_clips_without_words_show_nothing():
    silent = scores([0] * 40, [0] * 40)
    silent = replace(silent, new=[replace(c, reference_length=0) for c in silent.new])
    silent = replace(silent, others={"base": silent.new})
    assert _verdict(silent).outcome is Outcome.NOT_SHOWN


def test_plain_data():
    content = _verdict(scores(LESS, HALF)).to_json()
    assert content["promoted"] is True
    assert content["findings"][0]["difference"]["estimate"] == -10.0
