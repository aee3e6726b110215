"""Proportions of a set."""

from collections import Counter

import numpy as np
import pytest

from engine.errors import UsageError
from training.simulate.mix import Choice, Mix
from training.simulate.scenarios import CLEAN, COMMON_DOUBLES, SCENARIOS, scenario

COUNT = 20_000


def _drawn(mix: Mix, count: int = COUNT) -> list[Choice]:
    return [mix.draw(np.random.default_rng((1, index))) for index in range(count)]


def test_the_papers_shares_and_every_scenario() -> None:
    drawn = Counter(choice.scenario for choice in _drawn(Mix()))
    singles = sum(n for one, n in drawn.items() if len(one.parts) == 1)
    common = sum(drawn[one] for one in COMMON_DOUBLES)
    assert singles / COUNT == pytest.approx(0.60, abs=0.015)
    assert common / COUNT == pytest.approx(0.24, abs=0.015)
    assert set(drawn) == set(SCENARIOS)
    for group in ([one for one in SCENARIOS if len(one.parts) == 1], COMMON_DOUBLES):
        counts = [drawn[one] for one in group]
        assert max(counts) < 1.15 * min(counts)


def test_a_group_without_scenarios_leaves_its_share_to_the_others() -> None:
    chosen = (scenario("noise"), scenario("echo+noise"))
    drawn = Counter(choice.scenario.name for choice in _drawn(Mix(scenarios=chosen), 4000))
    assert set(drawn) == {"noise", "echo+noise"}
    assert drawn["noise"] / 4000 == pytest.approx(60 / 76, abs=0.03)


def test_shares_need_not_add_up_to_1() -> None:
    drawn = _drawn(Mix(shares=(0.0, 3.0, 0.0)), 200)
    assert {choice.scenario for choice in drawn} == set(COMMON_DOUBLES)


def test_clean_clips_take_their_share_and_move_no_other() -> None:
    without, half = _drawn(Mix(), 2000), _drawn(Mix(clean_share=0.5), 2000)
    clean = [choice for choice in half if choice.scenario is CLEAN]
    assert len(clean) / 2000 == pytest.approx(0.5, abs=0.05)
    assert {choice.severity for choice in clean} == {0.0}
    pairs = zip(without, half, strict=True)
    assert all(before == after for before, after in pairs if after.scenario is not CLEAN)


def test_severity_follows_the_sampling_and_speed_its_range() -> None:
    drawn = _drawn(Mix(sampling="sqrt_fwd", speed=(0.75, 1.5)), 4000)
    assert np.mean([choice.severity for choice in drawn]) == pytest.approx(2 / 3, abs=0.02)
    speeds = [choice.speed for choice in drawn]
    assert 0.75 <= min(speeds) < 0.77
    assert 1.47 < max(speeds) <= 1.5
    assert np.mean(np.log(speeds)) == pytest.approx(np.log(0.75 * 1.5) / 2, abs=0.02)


def test_the_speed_is_exactly_1_by_default() -> None:
    assert {choice.speed for choice in _drawn(Mix(), 50)} == {1.0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"clean_share": 1.5},
        {"sampling": "cubic"},
        {"speed": (1.2, 0.9)},
        {"speed": (0.5, 1.0)},
        {"shares": (-1.0, 1.0, 1.0)},
        {"shares": (0.0, 0.0, 0.0)},
        {"scenarios": ()},
        {"scenarios": (CLEAN,)},
        {"scenarios": (scenario("noise"),), "shares": (0.0, 1.0, 1.0)},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Mix(**wrong)  # type: ignore[arg-type]


def test_clean_clips_alone_need_no_scenario() -> None:
    assert _drawn(Mix(scenarios=(), clean_share=1.0), 3)[0].scenario is CLEAN
