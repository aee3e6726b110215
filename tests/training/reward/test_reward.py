"""The whole reward: by hand, with terms off, and for any texts."""

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from training.reward import WER_ONLY, Reward, RewardOptions, reward, rewards

SAID = "please print the forms before lunch today"
CHINESE = "今天天气很好我们出去"
LOOP = " and then" * 5

WORDS = st.lists(st.sampled_from(["cat", "cats", "dog", "天", "气"]), max_size=12)
SWITCHES = st.builds(
    RewardOptions,
    repetition=st.booleans(),
    fine=st.booleans(),
    struc=st.booleans(),
    gate=st.booleans(),
)


def one(hypothesis: str, reference: str = SAID, **options: bool) -> Reward:
    (found,) = rewards(reference, [hypothesis], RewardOptions(**options))
    return found


def test_one_soft_error_in_english() -> None:
    found = one("Please print the farms, before lunch today.")
    assert (found.wer, found.r_rep) == (pytest.approx(1 / 7), 1.0)
    fine, struc = 6 / 6.4, 0.5 * 6 / 7 + 0.5
    assert found.r_fine == pytest.approx(fine)
    assert found.r_struc == pytest.approx(struc)
    assert found.r_dyn == pytest.approx(0.75 * fine + 0.25 * struc)
    assert found.total == pytest.approx(0.4 * 6 / 7 + 0.6 * (0.75 * fine + 0.25 * struc))


def test_lost_half_of_an_english_sentence() -> None:
    found = one("please print the")
    fine, struc = 3 / 7, 0.5 * 3 / 7 + 0.5 * 3 / 7
    assert found.wer == pytest.approx(4 / 7)
    assert found.total == pytest.approx(0.4 * 3 / 7 + 0.6 * (0.25 * fine + 0.75 * struc))


def test_chinese_counts_characters() -> None:
    found = one("今天天汽很好，我们去。", CHINESE)
    # One character replaced (never a near miss) and one lost, of ten: below tau.
    fine, struc = 8 / 10, 0.5 * 0.8 + 0.5 * 0.9
    assert (found.alignment.hard, found.alignment.deletions) == (1, 1)
    assert found.wer == pytest.approx(0.2)
    assert found.total == pytest.approx(0.4 * 0.8 + 0.6 * (0.75 * fine + 0.25 * struc))


def test_silence_in_answer_to_speech_earns_nothing() -> None:
    found = one("")
    assert (found.wer, found.total) == (1.0, 0.0)
    assert (found.r_fine, found.r_struc, found.r_rep) == (0.0, 0.0, 1.0)


def test_silence_in_answer_to_silence_is_perfect_and_text_is_worse_the_longer() -> None:
    silent, word, more = rewards("", ["", "you", "thank you"])
    assert silent.total == 1.0
    assert word.total == 0.0
    assert more.total == pytest.approx(0.4 * -1)


def test_inventions_are_worse_than_silence() -> None:
    assert one("do not forget about our newsletter and about all other dear friends").total < 0.0


def test_a_loop_loses_what_it_had_right() -> None:
    found = one(SAID + LOOP)
    fine, struc = 7 / 17, 0.5
    assert (found.r_rep, found.r_static) == (0.0, 0.0)
    assert found.r_wer == pytest.approx(1 - 10 / 7)
    assert found.total == pytest.approx(0.6 * (0.25 * fine + 0.75 * struc))


def test_a_chinese_loop() -> None:
    assert one("谢谢" * 6, CHINESE).r_rep == 0.0
    assert one("谢谢" * 6, "谢谢" * 6).total == pytest.approx(1.0)


def test_one_word() -> None:
    assert one("yes", "yes").total == pytest.approx(1.0)
    assert one("yet", "yes").total == pytest.approx(0.6 * 0.75 * 0.5)  # only its length is right
    assert one("no", "yes").total == one("yet", "yes").total  # no word is correct either way


def test_rewards_rank_transcripts_that_all_failed() -> None:
    order = [
        "please print a form before dinner today",
        "please print the",
        "print",
        "",
        "the weather will be fine tomorrow in most parts of the country and beyond it",
    ]
    totals = [found.total for found in rewards(SAID, order)]
    assert totals == sorted(totals, reverse=True)
    assert len(set(totals)) == len(totals)


def test_without_r_rep_a_loop_counts_as_any_insertions() -> None:
    off = one(SAID + LOOP, repetition=False)
    assert off.r_static == off.r_wer
    assert off.r_rep == 0.0  # still seen in the logs
    assert one("please print", repetition=False) == one("please print")


def test_without_r_fine_or_r_struc_the_other_takes_its_weight() -> None:
    text = "please print the farms before lunch"
    without_fine, without_struc = one(text, fine=False), one(text, struc=False)
    assert without_fine.r_dyn == without_fine.r_struc
    assert without_struc.r_dyn == without_struc.r_fine
    assert without_fine.total == pytest.approx(
        0.4 * without_fine.r_static + 0.6 * without_fine.r_struc
    )


@pytest.mark.parametrize("text", ["please print the farms before lunch today", "print"])
def test_without_the_gate_both_weigh_the_same_at_any_wer(text: str) -> None:
    found = one(text, gate=False)
    assert found.r_dyn == pytest.approx((found.r_fine + found.r_struc) / 2)


def test_the_word_error_rate_alone() -> None:
    for text in ("please print", SAID + LOOP, ""):
        (found,) = rewards(SAID, [text], WER_ONLY)
        assert found.total == found.r_wer == 1 - found.wer
        assert found.r_dyn == 0.0


def test_the_threshold_of_loops_is_an_option() -> None:
    twice = "a b c x a b c"
    assert one(twice, "a b c x").r_rep == 1.0
    (strict,) = rewards("x", [twice], RewardOptions(repeat_limit=1))
    assert strict.r_rep == 0.0


@pytest.mark.parametrize(
    "wrong",
    [{"soft_weight": -0.1}, {"dynamic_weight": 1.1}, {"gate_wer": float("nan")}, {"ngram": 0}],
)
def test_options_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        replace(RewardOptions(), **wrong)  # type: ignore[arg-type]


def test_a_log_gets_every_part() -> None:
    assert one("").parts() == {
        "total": 0.0, "wer": 1.0, "r_wer": 0.0, "r_rep": 1.0, "r_static": 0.0, "r_fine": 0.0,
        "r_struc": 0.0, "r_dyn": 0.0,
    }  # fmt: skip


def test_it_is_plain_python() -> None:
    code = "import sys, training.reward as r; print({'torch', 'numpy'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@given(WORDS, WORDS, SWITCHES)
def test_bounds(reference: list[str], hypothesis: list[str], options: RewardOptions) -> None:
    found = reward(reference, hypothesis, options)
    assert 0.0 <= found.r_fine <= 1.0
    assert 0.0 <= found.r_struc <= 1.0
    assert found.r_rep in (0.0, 1.0)
    longest = max(len(reference), len(hypothesis)) / max(len(reference), 1)
    assert min(0.0, 1.0 - longest) <= found.total <= 1.0


@given(WORDS, WORDS, SWITCHES)
def test_only_the_reference_itself_is_perfect(
    reference: list[str], hypothesis: list[str], options: RewardOptions
) -> None:
    assert reward(reference, reference, options).total == pytest.approx(1.0)
    if hypothesis != reference:
        assert reward(reference, hypothesis, options).total < 1.0 - 1e-3


@given(WORDS, st.integers(0, 11))
def test_losing_one_more_word_never_pays(reference: list[str], place: int) -> None:
    kept = reference[:place]
    assert reward(reference, kept).total <= reward(reference, reference[: place + 1]).total + 1e-9
