"""The real window, as a process of its own: torch lives in its child, never in it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

START_MS = 120_000
"""Time for the engine child to import torch on a busy machine."""

pytestmark = pytest.mark.skipif(
    sys.platform == "darwin", reason="macOS does not tell which libraries a process has loaded"
)


@pytest.fixture
def window(repository: Path) -> Iterator[psutil.Process]:
    process = subprocess.Popen([sys.executable, "-m", "app"], cwd=repository)
    yield psutil.Process(process.pid)
    process.terminate()
    process.wait()


def _has_torch(process: psutil.Process) -> bool:
    return any("libtorch" in Path(region.path).name for region in process.memory_maps())


def _engines(window: psutil.Process) -> list[psutil.Process]:
    return [child for child in window.children() if "engine.serve" in child.cmdline()]


def test_the_window_never_loads_torch(window: psutil.Process, qtbot: QtBot) -> None:
    def engine_is_up() -> bool:
        return any(_has_torch(engine) for engine in _engines(window))

    qtbot.waitUntil(engine_is_up, timeout=START_MS)
    assert window.is_running()
    assert not _has_torch(window)


def test_the_engine_ends_with_its_window(window: psutil.Process, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(_engines(window)), timeout=START_MS)
    engines = _engines(window)
    window.kill()
    _, alive = psutil.wait_procs(engines, timeout=START_MS / 1000)
    assert alive == []
