"""``wildscribe evaluate`` with mini on a few short clips."""

import json
import shutil
from pathlib import Path

import pytest
import soundfile

from app.cli import run
from engine.checkpoint import locate
from engine.checkpoint.fingerprint import base_sha256
from training.adapters import AdapterLibrary, Lineage
from training.data import Example, check, write_examples
from training.data.example import HELD_OUT, TRAIN
from training.finetune.config import RunConfig
from training.finetune.run import Run, RunState

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def data(repository: Path, tmp_path: Path) -> Path:
    """Three clips of one second: a clean one, one in noise, one of their own; and two bad rows."""
    rows = []
    waves = sorted((repository / "tests" / "fixtures" / "mega-asr-layout").glob("*.wav"))
    for path, scenario in zip(waves, ("clean", "noise", ""), strict=True):
        samples, rate = soundfile.read(path, frames=16_000)
        soundfile.write(tmp_path / path.name, samples, rate)
        rows.append({"audio": path.name, "text": "words", "scenario": scenario, "language": "en"})
    rows.append({"audio": "absent.wav", "text": "words", "language": "en"})
    rows.append({"audio": waves[0].name, "text": "words", "language": "en", "split": "train"})
    path = tmp_path / "clips.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_it_explains_itself(capsys: Captured) -> None:
    assert run(["evaluate", "-h"]) == 0
    assert "Usage: wildscribe evaluate" in capsys.readouterr().out


def test_too_few_clips_are_no_proof(data: Path, mini: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "report"
    robust = str(mini / "adapters" / "robust")
    arguments = ["evaluate", "--new", robust, "--data", str(data), "--out", str(out)]
    arguments += ["--device", "cpu"]
    assert run(arguments) == 0
    shown = capsys.readouterr()
    assert "not shown to be better; it is not promoted" in shown.out
    assert "absent.wav" in shown.err
    assert "1 clips are marked as training data" in shown.err
    lines = {line.split()[0]: line for line in shown.out.splitlines() if line}
    assert {"clean", "degraded", "own"} <= lines.keys()

    first = (out / "hypotheses.jsonl").read_bytes()
    assert run([*arguments, "--json", "--always", "--for", "own"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((out / "report.json").read_text())
    assert report["columns"] == ["base", "new routed", "new always"]
    assert report["routed"] is False
    assert report["limits"]["meant_for"] == ["own"]
    assert (out / "hypotheses.jsonl").read_bytes() == first  # nothing was heard again

    assert run(["adapters", "add", "robust", robust]) == 0
    promote = ["adapters", "promote", "robust@1", "--report", str(out)]
    assert run(promote) == 4
    assert "judged always on, and a router would decide" in capsys.readouterr().err
    assert run([*arguments, "--for", "own"]) == 0
    capsys.readouterr()
    assert run(promote) == 4
    assert "not shown to be better" in capsys.readouterr().err


def test_what_a_run_learnt_from_is_not_measured_on(
    data: Path, mini: Path, tmp_path: Path, capsys: Captured
) -> None:
    """The data does not say which clips were learnt from; the run does, and its adapter with it."""
    waves = sorted(tmp_path.glob("*.wav"))
    clips, _ = check(
        [Example(wave, "words", "English", split=split) for wave, split in
         zip(waves, (HELD_OUT, TRAIN, HELD_OUT), strict=True)], 30.0,
    )  # fmt: skip
    trained = Run.create(tmp_path / "run", RunConfig(stages=("sft1",)))
    shutil.copytree(mini / "adapters" / "robust", trained.adapter("sft1"))
    trained.save_state(RunState(stage="sft1", finished=("sft1",)))
    write_examples(trained.data_file, clips)
    assert run(["adapters", "add", "rooms", str(trained.folder)]) == 0
    capsys.readouterr()
    for adapter in ("rooms@1", str(trained.adapter("sft1"))):
        out = tmp_path / f"report of {Path(adapter).name}"
        arguments = ["evaluate", "--new", adapter, "--data", str(data), "--out", str(out)]
        assert run([*arguments, "--device", "cpu"]) == 0
        told = capsys.readouterr().err
        assert f"Left out: 1 clips are among those that {adapter} learnt from." in told
        assert "What mini's own learnt from: not known" in told
        assert f"What {adapter} learnt from" not in told
        report = json.loads((out / "report.json").read_text())
        assert sorted(report["tables"]["groups"]) == ["clean", "own"]
        assert f"1 clips are among those that {adapter} learnt from." in report["left_out"]


def test_the_version_in_use_is_met_where_it_was_made_for_this_base(
    data: Path, mini: Path, tmp_path: Path, capsys: Captured
) -> None:
    robust = mini / "adapters" / "robust"
    lines = AdapterLibrary.default()
    lines.promote(lines.add("rooms", robust, Lineage("another", "00ff")), "for another base")
    own = Lineage("mini", base_sha256(locate(mini)))
    lines.add("rooms", robust, own)
    arguments = ["evaluate", "--data", str(data), "--device", "cpu", "--json"]
    arguments += ["--out", str(tmp_path / "out")]
    assert run([*arguments, "--new", "rooms@2"]) == 0
    measured = json.loads(capsys.readouterr().out)["measured"]
    assert measured["current"]["name"] == "mini's own"
    lines.promote(lines.find("rooms@2"), "for this one")
    lines.add("rooms", robust, own)
    assert run([*arguments, "--new", "rooms@3"]) == 0
    measured = json.loads(capsys.readouterr().out)["measured"]
    assert measured["current"]["name"] == "rooms@2"


@pytest.mark.parametrize("more", [["--clean-limit", "-1"], ["--normalizer", "guess"]])
def test_what_makes_no_sense(data: Path, tmp_path: Path, capsys: Captured, more) -> None:
    arguments = ["evaluate", "--new", "x", "--data", str(data), "--out", str(tmp_path / "out")]
    assert run([*arguments, *more]) == 2
    assert capsys.readouterr().err


def test_an_adapter_that_is_not_here(data: Path, tmp_path: Path, capsys: Captured) -> None:
    arguments = ["evaluate", "--new", "x", "--data", str(data), "--out", str(tmp_path / "out")]
    assert run(arguments) == 4
    assert "wildscribe adapters list" in capsys.readouterr().err
