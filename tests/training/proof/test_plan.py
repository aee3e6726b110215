"""The rows are comparable, and the test clips are spread as they are said to be."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from training.data import Example
from training.finetune.config import RunConfig
from training.finetune.plan import curriculum, steps
from training.proof.material import cases
from training.proof.plan import ADAPTER, FULL, SMALL, Plan, Row, TrialSizes
from training.reward import WER_ONLY, RewardOptions
from training.simulate.scenarios import SCENARIOS

CLIPS = [
    Example(Path(f"/{number}.flac"), "yes", "English", wer=number / 50, sha256=str(number))
    for number in range(100)
]


def learnt(config: RunConfig) -> list[Example]:
    """Every clip that the steps of a supervised run go through."""
    per_step = config.batch.clips_per_step
    return [
        clip
        for stage in config.stages
        for step in steps(curriculum(config.phase(stage), CLIPS, per_step), per_step, 0)
        for clip in step
    ]


@pytest.mark.parametrize("plan", [FULL, SMALL])
def test_the_supervised_rows_learn_from_as_many_clips(plan: Plan) -> None:
    plain = learnt(plan.settings(Row.SFT, 1, "/data"))
    phased = learnt(plan.settings(Row.A2S, 1, "/data"))
    assert len(plain) == len(phased) == plan.sft.steps * plan.sft.clips_per_step
    assert learnt(plan.settings(Row.GENTLE, 1, "/data")) == plain


def test_the_control_differs_from_plain_sft_in_the_rate_of_the_language_model_alone() -> None:
    plain = FULL.settings(Row.SFT, 1, "/data")
    gentle = FULL.settings(Row.GENTLE, 1, "/data")
    rate = FULL.settings(Row.A2S, 1, "/data").sft3.language_model_rate
    assert replace(plain, sft3=replace(plain.sft3, language_model_rate=rate)) == gentle


def test_only_the_first_phase_has_a_curriculum_and_it_ends_with_all_clips() -> None:
    config = FULL.settings(Row.A2S, 1, "/data")
    (*limits, last) = config.sft1.wer_limits
    assert limits == sorted(limits)
    assert last > max(clip.wer or 0.0 for clip in CLIPS)
    assert config.sft2.wer_limits == config.sft3.wer_limits == ()
    assert (config.sft1.language_model_rate, config.sft2.encoder_rate) == (0.0, 0.0)


def test_the_rows_of_reinforcement_learning_differ_in_the_reward_alone() -> None:
    dapo = FULL.settings(Row.DAPO, 2, "/data", "/adapter")
    dg_wgpo = FULL.settings(Row.DG_WGPO, 2, "/data", "/adapter")
    assert dapo.rl.reward == WER_ONLY
    assert dg_wgpo.rl.reward == RewardOptions()
    assert replace(dapo, rl=replace(dapo.rl, reward=RewardOptions())) == dg_wgpo
    assert dapo.adapter == replace(ADAPTER, start_from="/adapter")


def test_what_a_row_starts_from_is_trained_before_it() -> None:
    trained: list[tuple[Row, int]] = []
    for row, seed in FULL.trainings():
        assert row.starts_from is None or (row.starts_from, seed) in trained
        trained.append((row, seed))
    rows = {row: 3 for row in Row if row is not Row.BASE}
    assert Counter(row for row, _ in trained) == rows | {Row.GENTLE: 1}  # the control


def test_a_row_of_one_seed_has_the_first() -> None:
    plan = replace(FULL, once=(Row.SFT,))
    assert [seed for row, seed in plan.trainings() if row is Row.SFT] == [FULL.seeds[0]]


def test_the_base_is_not_trained() -> None:
    with pytest.raises(ValueError, match="base"):
        FULL.settings(Row.BASE, 1, "/data")


def test_every_scenario_is_tested_at_severities_that_are_spaced_evenly() -> None:
    sizes = TrialSizes(condition=4, effects=36)
    found: dict[str, list[float]] = {known.name: [] for known in SCENARIOS}
    for known, severity in cases(sizes):
        found[known.name].append(severity)
    assert found["noise"] == [0.125, 0.375, 0.625, 0.875]
    assert found["far_field+noise"] == [0.25, 0.75]
    by_count = Counter(len(known.parts) for known in SCENARIOS for _ in found[known.name])
    assert by_count == {1: 28, 2: 36, 3: 39, 4: 39, 5: 36}
