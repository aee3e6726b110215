"""The recording screen, with a microphone that the test plays."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.capture import InputDevice, Recorder
from app.window.record.presenter import RecordPresenter
from app.window.record.view import RecordView
from engine.errors import DeviceError, WildscribeError

MICROPHONE = InputDevice(0, "Desk microphone", 8000, is_default=True)


class Played:
    """A microphone that gives what it is told to."""

    def open(self, device: InputDevice, callback: Callable[..., None]) -> "Played":
        self._callback = callback
        return self

    def start(self) -> None:
        self._callback(
            np.full((8000, 1), 2**14, np.int16), 8000, None, SimpleNamespace(input_overflow=True)
        )

    def close(self) -> None:
        pass


def screen(qtbot: QtBot, folder: Path, *devices: InputDevice) -> tuple[RecordPresenter, RecordView]:
    record = partial(Recorder, open_stream=Played().open)
    presenter = RecordPresenter(folder, lambda: list(devices), record)
    view = RecordView(presenter)
    qtbot.addWidget(view)
    view.show()
    presenter.refresh()
    return presenter, view


def main_button(view: RecordView) -> QPushButton:
    return next(b for b in view.findChildren(QPushButton) if b.text() in ("Record", "Stop"))


def test_a_click_records_and_another_one_stops(qtbot: QtBot, tmp_path: Path) -> None:
    presenter, view = screen(qtbot, tmp_path / "recordings", MICROPHONE)
    with qtbot.waitSignal(presenter.began) as began:
        qtbot.mouseClick(main_button(view), Qt.MouseButton.LeftButton)
    assert presenter.recording
    assert main_button(view).text() == "Stop"
    with qtbot.waitSignal(presenter.finished) as finished:
        qtbot.mouseClick(main_button(view), Qt.MouseButton.LeftButton)
    assert began.args == finished.args
    assert not presenter.recording
    (path,) = finished.args
    assert soundfile.info(path).frames == 8000
    assert path.parent == tmp_path / "recordings"


def test_closing_in_the_middle_keeps_everything(qtbot: QtBot, tmp_path: Path) -> None:
    presenter, view = screen(qtbot, tmp_path, MICROPHONE)
    view.toggle()
    presenter.close()
    (path,) = tmp_path.glob("*.wav")
    assert soundfile.info(path).frames == 8000


def test_a_recording_that_ends_on_its_own_says_why_and_is_kept(
    qtbot: QtBot, tmp_path: Path
) -> None:
    resource = pytest.importorskip("resource", reason="needs a limit on the size of files")
    presenter, view = screen(qtbot, tmp_path, MICROPHONE)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, limits[1]))
    try:
        with qtbot.waitSignals([presenter.interrupted, presenter.finished]):
            view.toggle()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    (path,) = tmp_path.glob("*.wav")
    assert soundfile.info(path).frames == (6000 - 80) // 2
    assert not presenter.recording


def test_without_a_microphone_it_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    _, view = screen(qtbot, tmp_path)
    assert view.banner.problem is not None
    assert "no microphone" in view.banner.problem.error.what
    assert not main_button(view).isEnabled()


@pytest.mark.parametrize("fails", ["devices", "recording"])
def test_what_the_sound_system_refuses_is_reported(
    qtbot: QtBot, tmp_path: Path, fails: str
) -> None:
    def refuse(*_: object) -> None:
        raise DeviceError("PortAudio is missing.", "", "Install it.")

    devices = refuse if fails == "devices" else lambda: [MICROPHONE]
    presenter = RecordPresenter(tmp_path, devices, refuse)  # type: ignore[arg-type]
    view = RecordView(presenter)
    qtbot.addWidget(view)
    presenter.refresh()
    view.toggle()
    problem = view.banner.problem
    assert problem is not None
    assert isinstance(problem.error, WildscribeError)
    assert problem.error.what == "PortAudio is missing."
    assert not presenter.recording
