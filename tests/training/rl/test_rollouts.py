"""Rewards of rollouts, their order, alarms and memory: plain functions, values by hand."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import UsageError
from training.data import Example
from training.finetune import toml
from training.finetune.config import RunConfig
from training.finetune.events import from_line, to_line
from training.finetune.rl_config import AlarmConfig, RlConfig
from training.reward import WER_ONLY
from training.rl.alarms import Alarm, alarms
from training.rl.events import CollapseAlarm, RlStepDone
from training.rl.memory import Memory, Point
from training.rl.order import Order
from training.rl.rollouts import Group, Rollout, budget, judge, overlong, words
from training.rl.tally import tally

CLIP = Example(Path("clip.wav"), "turn left here now", "English", duration_s=1.0)


@pytest.mark.parametrize(
    ("tokens", "penalty"), [(0, 0.0), (80, 0.0), (85, -0.25), (90, -0.5), (100, -1.0), (101, -1.0)]
)
def test_the_overlong_penalty_grows_over_the_last_fifth_of_the_budget(
    tokens: int, penalty: float
) -> None:
    assert overlong(tokens, 100, 0.2) == pytest.approx(penalty)


def test_without_a_soft_part_only_what_is_beyond_the_budget_is_punished() -> None:
    assert (overlong(100, 100, 0.0), overlong(101, 100, 0.0)) == (0.0, -1.0)


def test_a_budget_is_that_of_inference_within_the_limit() -> None:
    assert (budget(CLIP, 256), budget(CLIP, 40)) == (57, 40)


def test_the_judge_adds_the_penalty_to_the_reward() -> None:
    right = Rollout("turn left here now", 8, True)
    long = replace(right, tokens=57)
    first, second = judge(RlConfig())(CLIP, [right, long])
    assert (first.total, first.overlong) == (pytest.approx(1.0), 0.0)
    assert (second.total, second.overlong) == (pytest.approx(0.0, abs=1e-6), pytest.approx(-1.0))
    (free,) = judge(RlConfig(overlong_weight=0.0))(CLIP, [long])
    assert free.total == pytest.approx(1.0)


def test_the_reward_of_wer_alone_is_one_less_wer() -> None:
    (verdict,) = judge(RlConfig(reward=WER_ONLY))(CLIP, [Rollout("turn left there", 6, True)])
    assert verdict.total == pytest.approx(1.0 - 2 / 4)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("language English<asr_text> turn left ", "turn left"),
        ("language None<asr_text>", ""),
        ("turn left", "turn left"),
    ],
)
def test_words_stand_behind_the_tag(raw: str, text: str) -> None:
    assert words(raw) == text


def groups() -> list[Group]:
    """One group that differs (reward 1 and less), one of two loops alike."""
    said = judge(RlConfig(reward=WER_ONLY, overlong_weight=0.0))
    differing = (Rollout("turn left here now", 6, True), Rollout("turn left", 4, True))
    loops = (Rollout("no " * 8, 57, False),) * 2
    return [Group(CLIP, each, tuple(said(CLIP, each))) for each in (differing, loops)]


def test_a_group_of_equal_rewards_has_no_signal() -> None:
    assert [group.has_signal for group in groups()] == [True, False]


def test_a_step_is_counted_over_all_its_rollouts() -> None:
    found = tally(groups(), refills=1)
    assert found.terms["r_wer"] == pytest.approx((1.0 + 0.5 - 1.0 - 1.0) / 4)
    assert found.reward == found.terms["r_wer"]
    assert found.reward_std == pytest.approx((0.25 + 0.0) / 2)
    assert found.wer == pytest.approx((0 + 2 + 8 + 8) / 16)
    assert found.length_ratio == pytest.approx((4 + 2 + 8 + 8) / 16)
    assert (found.skipped_share, found.truncated_share, found.repetition_share) == (0.5, 0.5, 0.5)
    assert (found.tokens_mean, found.tokens_most, found.refills) == (31.0, 57, 1)
    assert found.terms.keys() >= {"r_rep", "r_static", "r_fine", "r_struc", "r_dyn", "overlong"}


def test_the_order_goes_through_all_clips_and_on_from_any_position() -> None:
    clips = [replace(CLIP, source=str(number)) for number in range(5)]
    whole = Order(clips, seed=3).take(12)
    assert all(Counter(c.source for c in part).most_common(1)[0][1] == 1 for part in
               (whole[:5], whole[5:10]))  # fmt: skip
    assert [c.source for c in whole[:5]] != [c.source for c in whole[5:10]]
    assert Order(clips, seed=3, position=7).take(5) == whole[7:]
    assert Order(clips, seed=4).take(12) != whole


CONFIG = AlarmConfig(window_steps=2, repetition_share=0.2, length_drift=0.3, reward_gain=0.05)


def history(*points: tuple[float, float, float], wers: tuple[float, ...] = ()) -> Memory:
    memory = Memory()
    for number, wer in enumerate(wers):
        memory = memory.measured(number, wer)
    for point in points:
        memory = memory.stepped(Point(*point), CONFIG.window_steps)
    return memory


def test_calm_histories_raise_no_alarm() -> None:
    assert alarms(history((0.5, 0.0, 1.0), (0.9, 0.9, 3.0)), AlarmConfig(window_steps=3)) == {}
    assert alarms(history((0.5, 0.1, 1.0), (0.5, 0.2, 0.8)), CONFIG) == {}


def test_loops_raise_an_alarm() -> None:
    memory = history((0.5, 0.0, 1.0), (0.5, 0.0, 1.0), (0.5, 0.3, 1.0), (0.5, 0.2, 1.0))
    assert alarms(memory, CONFIG) == {Alarm.REPETITION: (pytest.approx(0.25), 0.2)}


@pytest.mark.parametrize("ratio", [1.4, 0.6])
def test_lengths_that_leave_the_references_raise_an_alarm(ratio: float) -> None:
    drifting = history(*[(0.5, 0.0, 1.1)] * 2, *[(0.5, 0.0, ratio)] * 2)
    assert alarms(drifting, CONFIG) == {Alarm.LENGTH_DRIFT: (pytest.approx(0.4), 0.3)}
    as_ever = history(*[(0.5, 0.0, 0.5)] * 2, *[(0.5, 0.0, ratio)] * 2)
    assert Alarm.LENGTH_DRIFT not in alarms(as_ever, CONFIG)


def test_a_reward_that_rises_without_wer_raises_an_alarm() -> None:
    rising = ((0.5, 0.0, 1.0),) * 2 + ((0.6, 0.0, 1.0),) * 2
    gamed = alarms(history(*rising, wers=(0.3, 0.31)), CONFIG)
    assert gamed == {Alarm.REWARD_WITHOUT_WER: (pytest.approx(0.1), 0.05)}
    assert alarms(history(*rising, wers=(0.3, 0.25)), CONFIG) == {}
    assert alarms(history(*rising), CONFIG) == {}


def test_memory_knows_the_best_and_survives_its_own_json() -> None:
    memory = history((0.5, 0.0, 1.0), wers=(0.4, 0.3, 0.3, 0.35))
    assert (memory.best_step, memory.best_wer, memory.unimproved) == (1, 0.3, 2)
    memory = replace(memory, alarms=(str(Alarm.REPETITION),), position=9)
    assert Memory.from_row(json.loads(json.dumps(memory.to_row()))) == memory


def test_a_run_says_all_of_it_in_toml(tmp_path: Path) -> None:
    config = RunConfig(stages=("rl",), rl=RlConfig(rollouts=4, reward=WER_ONLY))
    assert toml.parse(toml.dump(config), RunConfig, "config") == config
    with pytest.raises(UsageError, match="rollouts"):
        toml.parse("[rl]\nrollouts = 1", RunConfig, "config")


def test_events_come_back_from_their_lines() -> None:
    found = tally(groups(), refills=1)
    step = RlStepDone(
        stage="rl", step=1, steps=2, loss=0.0, rate=1e-6, gradient_norm=0.1, audio_s=1.0,
        target_tokens=10, wall_s=1.0, entropy=0.5, clipped_low=0.0, clipped_high=0.0,
        **found.figures(),
    )  # fmt: skip
    alarm = CollapseAlarm("rl", 3, str(Alarm.REPETITION), 0.4, 0.2)
    assert [from_line(to_line(event, 0.0)) for event in (step, alarm)] == [step, alarm]
