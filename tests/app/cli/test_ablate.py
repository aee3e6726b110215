"""``wildscribe ablate``, as far as it goes without training."""

from pathlib import Path

import pytest

from app.cli import run


def test_a_run_without_reinforcement_learning_has_no_reward_to_take_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('stages = ["sft3"]\n', encoding="utf-8")
    out = tmp_path / "ablation"
    assert run(["ablate", str(config), "--out", str(out)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "last stage is rl" in shown.err
    assert not out.exists()


def test_a_configuration_that_says_something_unknown_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('stages = ["rl"]\n[rl]\nroolouts = 4\n', encoding="utf-8")
    assert run(["ablate", str(config)]) == 2
    assert "rollouts" in capsys.readouterr().err


def test_paths_are_relative_to_the_configuration_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clips").mkdir()
    config = tmp_path / "config.toml"
    config.write_text('stages = ["rl"]\n[data]\npaths = ["clips"]\n', encoding="utf-8")
    for _ in range(2):
        assert run(["ablate", str(config), "--out", str(tmp_path / "ablation")]) == 3
        assert f"nothing to learn from in {tmp_path / 'clips'}." in capsys.readouterr().err
