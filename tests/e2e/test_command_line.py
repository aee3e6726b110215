"""The installed command as a process: real model, real signals, real exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from training.score import count_errors

WILDSCRIBE = (sys.executable, "-m", "app")
MOST_ERRORS = 0.08
LONG_S = 600


def _run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [*WILDSCRIBE, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture(autouse=True)
def reach_the_checkout(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes started in other folders find the packages."""
    monkeypatch.setenv("PYTHONPATH", str(repository))


def test_the_sample_is_heard_and_routed(sample: Path, tmp_path: Path) -> None:
    done = _run("transcribe", sample, "-o", "sample.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    transcript = json.loads((tmp_path / "sample.json").read_text(encoding="utf-8"))
    assert {segment["route"] for segment in transcript["segments"]} == {"base", "robust"}
    heard = " ".join(segment["text"] for segment in transcript["segments"])
    reference = sample.with_suffix(".txt").read_text(encoding="utf-8")
    rate = count_errors(reference, heard).rate
    assert rate is not None
    assert rate <= MOST_ERRORS


def test_route_judges_the_same_segments(sample: Path, tmp_path: Path) -> None:
    done = _run("route", sample, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    segments = json.loads(done.stdout)["segments"]
    assert all(0 <= segment["degraded_probability"] <= 1 for segment in segments)
    assert {segment["route"] for segment in segments} == {"base", "robust"}


def test_files_that_cannot_be_read_are_named_and_the_rest_is_done(
    sample: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "notes.mp3").write_text("this is no sound")
    done = _run(
        "transcribe", "empty.wav", "absent.wav", sample, "notes.mp3", "-o", "out", cwd=tmp_path
    )
    assert done.returncode == 3
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{sample.stem}.txt"]
    for name in ("empty.wav", "absent.wav", "notes.mp3"):
        assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_that_is_not_here(sample: Path, tmp_path: Path) -> None:
    done = _run("transcribe", sample, "--model", "giant", cwd=tmp_path)
    assert done.returncode == 4
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.fixture
def long_recording(sample: Path, tmp_path: Path) -> Path:
    """Ten minutes: the sample over and over."""
    samples, rate_hz = soundfile.read(sample, dtype="float32")
    path = tmp_path / "long.wav"
    soundfile.write(path, np.resize(samples, LONG_S * rate_hz), rate_hz)
    return path


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A pseudo-terminal, so that progress is shown: (our end, the program's end)."""
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


def test_ctrl_c_keeps_what_is_finished(
    long_recording: Path, terminal: tuple[int, int], tmp_path: Path
) -> None:
    ours, theirs = terminal
    target = tmp_path / "long.json"
    command = [*WILDSCRIBE, "transcribe", str(long_recording), "-o", str(target)]
    with subprocess.Popen(command, stderr=theirs, cwd=tmp_path) as process:
        os.close(theirs)
        shown = b""
        while not re.search(rb" [1-9]\d?% ", shown):
            shown += os.read(ours, 1024)
        process.send_signal(signal.SIGINT)
        while b"stopped early" not in shown:
            shown += os.read(ours, 1024)
    assert process.returncode == 130
    kept = json.loads(target.read_text(encoding="utf-8"))
    assert kept["complete"] is False
    assert kept["segments"]
    assert kept["segments"][-1]["end_s"] < LONG_S
