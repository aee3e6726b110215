"""Intervals: closed-form cases, and what must hold for any counts."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UsageError
from training.score import Bootstrap, ErrorCount, Interval, rate_difference, rate_interval

FEW = Bootstrap(resamples=300)


def clip(errors: int, length: int = 10) -> ErrorCount:
    return ErrorCount(substitutions=errors, reference_length=length)


def test_equal_clips_leave_no_doubt() -> None:
    assert rate_interval([clip(3)] * 20, FEW) == Interval(0.3, 0.3, 0.3)


def test_the_interval_of_a_share_is_the_binomial_one() -> None:
    clips = [clip(1, 1)] * 100 + [clip(0, 1)] * 300
    sure = rate_interval(clips)
    assert sure is not None
    spread = 1.96 * math.sqrt(0.25 * 0.75 / 400)
    assert sure.estimate == 0.25
    assert sure.low == pytest.approx(0.25 - spread, abs=0.006)
    assert sure.high == pytest.approx(0.25 + spread, abs=0.006)


def test_the_same_seed_gives_the_same_interval() -> None:
    clips = [clip(n % 7) for n in range(50)]
    assert rate_interval(clips, FEW) == rate_interval(clips, FEW)
    assert rate_interval(clips, FEW) != rate_interval(clips, Bootstrap(300, seed=1))


def test_speakers_are_drawn_whole() -> None:
    clips = [clip(9)] * 10 + [clip(1)] * 10
    speakers = ["anna"] * 10 + ["ben"] * 10
    by_clip, by_speaker = rate_interval(clips, FEW), rate_interval(clips, FEW, speakers)
    assert by_clip is not None
    assert by_speaker is not None
    assert (by_speaker.low, by_speaker.high) == pytest.approx((0.1, 0.9))
    assert by_clip.high < 0.8


def test_a_difference_is_seen_on_the_same_draws() -> None:
    # The clips differ wildly, the systems always by one word: each alone is uncertain.
    second = [clip(n % 10, 20) for n in range(60)]
    first = [clip(n % 10 + 1, 20) for n in range(60)]
    found = rate_difference(first, second, FEW)
    assert found is not None
    assert found.interval == Interval(pytest.approx(0.05), pytest.approx(0.05), pytest.approx(0.05))
    assert found.interval.excludes_zero
    assert found.improved == 0.0


def test_no_difference_has_no_sign() -> None:
    first = [clip(2), clip(4)] * 30
    second = [clip(4), clip(2)] * 30
    found = rate_difference(first, second, FEW)
    assert found is not None
    assert not found.interval.excludes_zero
    assert 0.3 < found.improved < 0.7


def test_systems_must_have_heard_the_same_clips() -> None:
    with pytest.raises(ValueError, match="different references"):
        rate_difference([clip(1, 5)], [clip(1, 6)])
    with pytest.raises(ValueError, match="shorter"):
        rate_difference([clip(1)], [])
    with pytest.raises(ValueError, match="groups"):
        rate_interval([clip(1), clip(2)], groups=["anna"])


def test_there_is_no_interval_without_words_or_with_one_clip() -> None:
    assert rate_interval([], FEW) is None
    assert rate_interval([clip(1)], FEW) is None
    assert rate_interval([clip(3, 0)] * 5, FEW) is None
    assert rate_difference([clip(3, 0)] * 5, [clip(3, 0)] * 5, FEW) is None


def test_draws_without_any_word_are_left_out() -> None:
    sure = rate_interval([clip(2, 0), clip(1, 4)], FEW)
    assert sure is not None
    assert (sure.low, sure.high) == (0.25, 0.75)


@pytest.mark.parametrize("options", [{"resamples": 0}, {"level": 0.0}, {"level": 1.0}])
def test_nonsense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Bootstrap(**options)  # type: ignore[arg-type]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=2, max_size=20))
def test_the_interval_stays_within_the_clips(counts: list[tuple[int, int]]) -> None:
    clips = [clip(errors, length) for errors, length in counts]
    sure = rate_interval(clips, Bootstrap(50))
    assert sure is not None
    rates = [errors / length for errors, length in counts]
    assert min(rates) - 1e-12 <= sure.low <= sure.high <= max(rates) + 1e-12
