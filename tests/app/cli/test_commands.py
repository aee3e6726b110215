"""The commands as they are typed, in this process."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.cli import run
from app.cli.main import EXIT_CODES
from app.cli.route import describe as describe_routes
from engine import errors
from engine.transcript import Route, Transcript
from tests.app.cli.conftest import segment

Captured = pytest.CaptureFixture[str]

PREDICTIONS = [
    {"answer": "hello world", "prediction": "hello brave world", "subset": "real-en-noise",
     "combination": "noise"},
    {"answer": "你好，世界。", "prediction": "你好世", "subset": "sim-zh-noise",
     "combination": "noise"},
    {"answer": "", "prediction": "made up", "subset": "sim-en-mixed"},
]  # fmt: skip


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    path = tmp_path / "predictions.jsonl"
    path.write_text("\n".join(map(json.dumps, PREDICTIONS)), encoding="utf-8")
    return path


def test_help_names_every_exit_code_that_an_error_can_have(capsys: Captured) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, errors.WildscribeError)}
    for line in EXIT_CODES.splitlines()[1:]:
        assert line in shown
    for code in codes:
        assert f"  {code:<5}" in EXIT_CODES


@pytest.mark.parametrize(
    "command", ["transcribe", "route", "models", "models import", "score", "simulate", "doctor"]
)
def test_every_command_explains_itself(command: str, capsys: Captured) -> None:
    assert run([*command.split(), "-h"]) == 0
    assert "Usage: wildscribe " + command in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["transcribe"],
        ["transcribe", "a.wav", "--route", "sideways"],
        ["transcribe", "a.wav", "--threshold", "1.5"],
        ["transcribe", "a.wav", "--format", "docx"],
        ["transcribe", "a.wav", "--language", "klingon"],
        ["score", "absent.jsonl"],
        ["score", "absent.jsonl", "--normalizer", "guess"],
    ],
)
def test_what_makes_no_sense_exits_with_2_and_says_why(
    arguments: list[str], capsys: Captured
) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err


def test_help_is_quick_because_it_loads_nothing_heavy() -> None:
    code = (
        "import sys; from app.cli import run; run(['transcribe', '--help']);"
        "sys.exit(len({'torch', 'transformers', 'PySide6', 'numpy'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_version(capsys: Captured) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("wildscribe ")


def test_score_in_json_is_the_benchmarks_result_with_ours_beside_it(
    predictions: Path, capsys: Captured
) -> None:
    assert run(["score", str(predictions), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report) == ["overall", "by_language", "breakdown", "wildscribe"]

    def cells(found: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
        rates = {
            "overall": found["overall"],
            "en": found["by_language"]["en"],
            "zh": found["by_language"]["zh"],
            "mixed": found["breakdown"]["mixed"]["sim"],
            "real noise": found["breakdown"]["noise"]["real"],
            "sim noise": found["breakdown"]["noise"]["sim"],
        }
        fields = ("error_rate", "errors", "reference_length", "count")
        return {name: tuple(rate[field] for field in fields) for name, rate in rates.items()}

    expected = {
        "overall": (66.67, 4, 6, 3),
        "en": (150.0, 3, 2, 2),
        "zh": (25.0, 1, 4, 1),
        "mixed": (0.0, 2, 0, 1),
        "real noise": (50.0, 1, 2, 1),
        "sim noise": (25.0, 1, 4, 1),
    }
    assert cells(report) == expected
    assert len(report["breakdown"]) == 8
    ours = report["wildscribe"]
    assert cells(ours) == expected | {"mixed": (None, 2, 0, 1)}
    assert ours["normalizer"] == "bench"
    assert ours["overall"]["interval"]["low"] == 25.0
    assert ours["overall"]["failures"]["hallucination"] == 1


def test_score_for_people(predictions: Path, capsys: Captured) -> None:
    assert run(["score", str(predictions), "--normalizer", "whisper"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["zh", "CER", "25.00%", "-", "0", "1", "0", "1", "4", "1"] in lines
    assert ["mixed", "sim", "-", "-", "0", "0", "2", "2", "0", "1"] in lines
    assert lines[1][:5] == ["overall", "66.67%", "25.00%", "to", "250.00%"]
    assert ["mixed", "sim", "0.0%", "0.0%", "100.0%", "0.0%", "100.0%", "1"] in lines


def test_a_bad_line_is_named(predictions: Path, capsys: Captured) -> None:
    predictions.write_text('{"prediction": "a", "subset": "sim-en-noise"}\n')
    assert run(["score", str(predictions)]) == 2
    assert 'line 1: "answer" is missing.' in capsys.readouterr().err


def test_routes_for_people() -> None:
    segments = (segment(0, ""), segment(1, "", Route.ROBUST))
    shown = describe_routes(Transcript("a.wav", 20.0, segments)).splitlines()
    assert shown[1].split() == ["0.00", "s", "10.00", "s", "10.0%", "base", "router"]
    assert shown[2].split() == ["10.00", "s", "20.00", "s", "90.0%", "robust", "router"]
    assert shown[3] == "50% of the speech goes to the robust route (threshold 0.5)."
    assert describe_routes(Transcript("a.wav", 20.0)) == "No speech was found."


def test_models_are_listed(capsys: Captured) -> None:
    assert run(["models", "list", "--json"]) == 0
    entries = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert entries["mini"]["shipped"]
    assert entries["mega-asr"]["path"] is None
    assert run(["models", "list"]) == 0
    assert "mega-asr  (not here)" in capsys.readouterr().out


def test_a_model_is_imported_verified_and_damage_is_found(
    repository: Path, own_home: Path, capsys: Captured
) -> None:
    layout = repository / "tests" / "fixtures" / "mega-asr-layout"
    assert run(["models", "import", str(layout), "--name", "tiny"]) == 0
    copy = Path(capsys.readouterr().out.strip())
    assert own_home in copy.parents
    assert run(["models", "verify", "tiny"]) == 0
    assert "DAMAGED" not in capsys.readouterr().out

    weights = copy / "mega-asr-merged" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    (copy / "Qwen3-ASR-1.7B" / "config.json").unlink()
    assert run(["models", "verify", "tiny"]) == 4
    shown = capsys.readouterr()
    assert "DAMAGED" in shown.out
    assert "MISSING" in shown.out
    assert "2 of " in shown.err


def test_a_model_that_is_not_here(capsys: Captured) -> None:
    assert run(["models", "verify", "giant"]) == 4
    assert "wildscribe models import FOLDER" in capsys.readouterr().err


def test_doctor_says_what_it_would_use_and_why(capsys: Captured) -> None:
    code = run(["doctor", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code == (1 if report["problems"] else 0)
    assert report["device"]
    assert report["device_reason"]
    assert report["versions"]["torch"]
    assert "mini" in [model["name"] for model in report["models"]]
    assert run(["doctor"]) == code
    assert report["device_reason"] in capsys.readouterr().out
