"""``wildscribe simulate`` as it is typed."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.cli import run

Captured = pytest.CaptureFixture[str]
RATE = 16_000


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    folder = tmp_path / "clean"
    folder.mkdir()
    for index in range(3):
        tone = 0.3 * np.sin(np.arange(RATE // 2) * (0.05 + 0.01 * index))
        soundfile.write(folder / f"{index}.wav", tone, RATE)
        (folder / f"{index}.txt").write_text(f"tone {index}")
    return folder


def test_the_54_are_listed_with_their_captions(capsys: Captured) -> None:
    assert run(["simulate", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 54
    assert "obstructed+dropout" in "".join(lines)
    assert any("A phone in a pocket on a bad line" in line for line in lines)


def test_the_54_for_machines(capsys: Captured) -> None:
    assert run(["simulate", "--list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len({row["name"] for row in rows}) == 54
    by_name = {row["name"]: row for row in rows}
    echo = by_name["echo+dropout"]
    assert echo["reference_name"] == "strong_echo_stutter"
    assert echo["parts"] == ["echo", "dropout"]
    assert set(echo["caption"]) == {"en", "zh"}


def test_a_set_is_made_and_described(clean: Path, tmp_path: Path, capsys: Captured) -> None:
    (clean / "bad.wav").write_bytes(b"RIFF nonsense")
    out = tmp_path / "set"
    arguments = [
        "simulate", "--clean", str(clean), "--out", str(out), "--count", "6", "--seed", "2",
        "--scenarios", "noise,stutter", "--severity", "sqrt_bwd", "--speed", "0.9-1.1",
        "--clean-share", "0.2", "--workers", "1", "--format", "wav", "--records", "sft,bench",
    ]  # fmt: skip
    assert run([*arguments, "--json"]) == 0
    shown = capsys.readouterr()
    report = json.loads(shown.out)
    assert (report["clips"], report["dropped"]) == (6, 0)
    assert [problem["where"] for problem in report["problems"]] == ["bad.wav"]
    assert "left out: bad.wav" in shown.err
    lines = Path(report["manifest"]).read_text().splitlines()
    assert {json.loads(line)["scenario"] for line in lines} <= {"noise", "dropout", "clean"}
    assert len((out / "sft.jsonl").read_text().splitlines()) == 6
    assert run(arguments) == 0
    assert capsys.readouterr().out == f"{out / 'manifest.jsonl'}\n"
    assert run([*arguments, "--seed", "3"]) == 7
    assert "another seed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["--scenarios", "nois"], 2),
        (["--severity", "cubic"], 2),
        (["--mix", "60/40"], 2),
        (["--mix", "0/0/0"], 2),
        (["--speed", "fast"], 2),
        (["--speed", "0.1"], 2),
        (["--clean-share", "2"], 2),
        (["--records", "csv"], 2),
        (["--drop-above", "0.7"], 2),
        (["--count", "0"], 2),
        (["--workers", "0"], 2),
        (["--language", "klingon"], 2),
        (["--clean", "absent"], 7),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_told_before_any_work(
    arguments: list[str], code: int, clean: Path, tmp_path: Path, capsys: Captured
) -> None:
    given = ["--clean", str(clean), "--out", str(tmp_path / "set"), *arguments] if arguments else []
    assert run(["simulate", *given]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err
    assert not (tmp_path / "set").exists()
