"""Configurations: what is written comes back, and what is wrong is said in words."""

import pytest

from engine.errors import UsageError
from training.finetune import toml
from training.finetune.config import DataConfig, RunConfig, SftConfig
from training.finetune.presets import PRESETS


def parse(text: str) -> RunConfig:
    return toml.parse(text, RunConfig, "config.toml")


def refusal(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_its_file(name: str) -> None:
    assert parse(toml.dump(PRESETS[name])) == PRESETS[name]


def test_the_papers_phases_are_the_default() -> None:
    config = parse("")
    assert (config.sft1.encoder_rate, config.sft1.aligner_rate) == (1e-3, 1e-3)
    assert config.sft1.language_model_rate == 0.0
    assert config.sft1.wer_limits == (0.3, 0.5, 0.7)
    assert (config.sft2.encoder_rate, config.sft2.language_model_rate) == (0.0, 2e-5)
    assert config.sft3 == SftConfig(2e-6, 2e-6, 2e-6, wer_limits=(0.7,))
    assert config.batch.clips_per_step == 64


def test_a_whole_number_does_for_a_number() -> None:
    assert parse("[sft3]\nencoder_rate = 1\n").sft3.encoder_rate == 1.0


def test_an_unknown_key_names_the_nearest() -> None:
    said = refusal("[adapter]\nrang = 8\n")
    assert "adapter.rang" in said
    assert "'rank'" in said


def test_an_unknown_section_lists_what_there_is() -> None:
    assert "optimizer" in refusal("[xyz]\na = 1\n")


@pytest.mark.parametrize(
    "text",
    [
        "seed = 'one'",
        "seed = true",
        "stages = 'sft1'",
        "stages = []",
        "stages = ['sft1', 'sft1']",
        "data = 3",
        "[adapter]\nrank = 0",
        "[model]\ncompute = 'double'",
        "[data]\nheld_out_share = 1.5",
        "[data]\nlanguage = 'Klingon'",
        "[sft1]\nencoder_rate = 0.0\naligner_rate = 0.0",
        "[sft1]\nwer_limits = [0.5, -1.0]",
        "stages = [",
        "[model]\ndevice = 'cuda:1'",
        "[optimizer]\nwarm_up_share = 1.0",
        "[sft1]\nencoder_rate = 1e-3\nepochs = inf",
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_starts(text: str) -> None:
    assert "Nothing was started." in refusal(text)


def test_a_section_is_named_where_there_is_one() -> None:
    assert "config.toml: A run needs stages" in refusal("stages = []")
    assert "config.toml: [adapter] rank" in refusal("[adapter]\nrank = 0")


def test_the_same_checks_hold_in_python() -> None:
    with pytest.raises(UsageError):
        DataConfig(most_clip_s=0.0)
