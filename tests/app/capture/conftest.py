"""A sound system of the test's own: PulseAudio, a null sink, and its monitor as microphone."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

PULSE = """
load-module module-native-protocol-unix
load-module module-null-sink sink_name=fake rate=48000 channels=1 format=s16le
load-module module-remap-source source_name=fakemic master=fake.monitor
set-default-sink fake
set-default-source fakemic
"""
ALSA = """
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


class SoundSystem:
    """What a person can do to it from outside."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def say(self, path: Path) -> None:
        """Plays a file into the microphone, to its end."""
        self._run("paplay", "-d", "fake", str(path))

    def unplug(self) -> None:
        """Takes microphone and loudspeaker away."""
        self._run("pactl", "unload-module", "module-remap-source")
        self._run("pactl", "unload-module", "module-null-sink")

    def _run(self, *command: str) -> None:
        environment = os.environ | self.environment
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)


@pytest.fixture
def sound_system(tmp_path: Path) -> Iterator[SoundSystem]:
    """Started for one test; `environment` is what a process needs to use it."""
    for program in ("pulseaudio", "paplay", "pactl"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program} (Debian: pulseaudio pulseaudio-utils libasound2-plugins)")
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "fake.pa").write_text(PULSE)
    (tmp_path / "asound.conf").write_text(ALSA)
    environment = {
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "PULSE_RUNTIME_PATH": str(tmp_path / "run" / "pulse"),
        "HOME": str(tmp_path),
        "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf"),
    }
    command = ("pulseaudio", "-n", "-F", str(tmp_path / "fake.pa"), "--exit-idle-time=-1")
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        [*command, "--daemonize=no", "--use-pid-file=no"],
        env=os.environ | environment,
        stdout=quiet,
        stderr=quiet,
    ) as process:
        _wait_for(tmp_path / "run" / "pulse" / "native", process)
        yield SoundSystem(environment)
        process.terminate()


def _wait_for(socket: Path, process: subprocess.Popen[bytes]) -> None:
    while not socket.exists():
        with suppress(subprocess.TimeoutExpired):
            pytest.skip(f"pulseaudio does not run here (it ended with {process.wait(0.01)})")
