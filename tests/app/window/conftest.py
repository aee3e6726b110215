"""A window for each test, around an engine that reads from a script."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.client import EngineSettings
from app.paths import Paths
from app.window import theme
from app.window.main import Wildscribe

SCRIPTED = Path(__file__).parents[2] / "engine" / "scripted_engine.py"
Opener = Callable[..., Wildscribe]


@pytest.fixture
def open_window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Opener]:
    """Opens windows on one library; those still open are closed at the end."""
    theme.install(qapp)
    opened: list[Wildscribe] = []

    def open_one(model: str = "mini") -> Wildscribe:
        command = (sys.executable, str(SCRIPTED))
        wildscribe = Wildscribe(Paths(tmp_path / "data"), EngineSettings(model), command)
        opened.append(wildscribe)
        wildscribe.start()
        qtbot.waitExposed(wildscribe.shell)
        return wildscribe

    yield open_one
    for wildscribe in opened:
        wildscribe.close()


@pytest.fixture
def recording(tmp_path: Path) -> Callable[[str], Path]:
    """Makes an empty file: the scripted engine goes by its name."""

    def make(name: str) -> Path:
        path = tmp_path / f"{name}.wav"
        path.touch()
        return path

    return make
