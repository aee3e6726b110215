"""Recording with the real PortAudio from a real (if imagined) microphone."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.app.capture.conftest import SoundSystem

RECORD = Path(__file__).with_name("record.py")
PLAY = Path(__file__).with_name("play.py")
RATE_HZ = 48_000


@pytest.fixture
def clip(tmp_path: Path) -> tuple[Path, NDArray[np.int16]]:
    """Two seconds that are like nothing else."""
    samples = np.random.default_rng(7).integers(-8000, 8000, 2 * RATE_HZ, dtype=np.int16)
    path = tmp_path / "clip.wav"
    soundfile.write(path, samples, RATE_HZ, subtype="PCM_16")
    return path, samples


@pytest.fixture
def recording(sound_system: SoundSystem, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, str(RECORD), str(tmp_path / "new.wav"), str(RATE_HZ)],
        env=os.environ | sound_system.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def until(process: subprocess.Popen[str], found: Callable[[list[str]], bool]) -> list[str]:
    """Reads reports up to the one that is looked for."""
    stream: IO[str] | None = process.stdout
    assert stream is not None
    for line in stream:
        if found(line.split()):
            return line.split()
    raise AssertionError(f"the recording ended with {process.wait()} before that")


def saved(seconds: float) -> Callable[[list[str]], bool]:
    return lambda words: words[0] == "saved" and float(words[1]) >= seconds


def test_what_is_said_is_on_disk_bit_for_bit(
    recording: subprocess.Popen[str],
    sound_system: SoundSystem,
    clip: tuple[Path, NDArray[np.int16]],
    tmp_path: Path,
) -> None:
    until(recording, saved(0.1))
    sound_system.say(clip[0])
    assert recording.stdin is not None
    recording.stdin.close()
    _, seconds, reason = until(recording, lambda words: words[0] == "end")
    recorded, rate_hz = soundfile.read(tmp_path / "new.wav", dtype="int16")
    assert reason == "None"
    assert rate_hz == RATE_HZ
    assert len(recorded) == round(float(seconds) * RATE_HZ)
    start = int(np.flatnonzero(recorded)[0])
    np.testing.assert_array_equal(recorded[start : start + len(clip[1])], clip[1])


def test_a_kill_costs_at_most_the_last_second(
    recording: subprocess.Popen[str], sound_system: SoundSystem, tmp_path: Path
) -> None:
    words = until(recording, saved(2.0))
    recording.kill()
    recording.wait()
    info = soundfile.info(tmp_path / "new.wav")
    assert info.frames >= round(float(words[1]) * RATE_HZ)
    assert info.frames == len(soundfile.read(tmp_path / "new.wav")[0])


def test_an_unplugged_microphone_ends_the_recording_and_keeps_it(
    recording: subprocess.Popen[str], sound_system: SoundSystem, tmp_path: Path
) -> None:
    until(recording, saved(1.0))
    sound_system.unplug()
    _, seconds, reason = until(recording, lambda words: words[0] == "end")
    assert reason == "DeviceError"
    assert soundfile.info(tmp_path / "new.wav").frames == round(float(seconds) * RATE_HZ)
    assert float(seconds) >= 1.0


def test_what_is_played_is_heard_to_its_last_sample(
    recording: subprocess.Popen[str],
    sound_system: SoundSystem,
    clip: tuple[Path, NDArray[np.int16]],
    tmp_path: Path,
) -> None:
    until(recording, saved(0.1))
    environment = os.environ | sound_system.environment
    subprocess.run([sys.executable, str(PLAY), str(clip[0])], env=environment, check=True)
    assert recording.stdin is not None
    recording.stdin.close()
    until(recording, lambda words: words[0] == "end")
    recorded, _ = soundfile.read(tmp_path / "new.wav", dtype="int16")
    start = int(np.flatnonzero(recorded)[0])
    heard = recorded[start : start + len(clip[1])].astype(np.int32)
    assert np.abs(heard - clip[1]).max() <= 1
