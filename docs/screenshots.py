"""Makes docs/screenshots/*.png again: ``python docs/screenshots.py`` with a display, or under Xvfb.

The window, the engine and the model are the real ones; the recording is the shipped sample.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.client import EngineSettings
from app.paths import Paths, sample
from app.window import theme
from app.window.main import Wildscribe
from engine.transcript import Route

FOLDER = Path(__file__).with_name("screenshots")


def main() -> None:
    """Opens the window in an empty data folder, plays through it and keeps what it looks like."""
    FOLDER.mkdir(exist_ok=True)
    app = QApplication([])
    theme.install(app)
    with tempfile.TemporaryDirectory() as data:
        wildscribe = Wildscribe(Paths(Path(data)), EngineSettings())
        try:
            _play(wildscribe)
        finally:
            wildscribe.close()


def _play(wildscribe: Wildscribe) -> None:
    hello: list[object] = []
    wildscribe.engine.greeted.connect(hello.append)
    wildscribe.start()
    theme.choose(theme.Appearance.LIGHT)
    _until(lambda: bool(hello))
    _keep(wildscribe, "empty-light")
    recording = sample()
    assert recording is not None
    wildscribe.presenter.open_files([recording])
    view = wildscribe.shell.document
    assert view is not None
    _until(lambda: view.presenter.state.complete)
    segments = view.presenter.model.document.segments
    robust = [segment for segment in segments if segment.route is Route.ROBUST]
    view.reveal((robust or segments)[0].start_s)
    _keep(wildscribe, "document-light")
    theme.choose(theme.Appearance.DARK)
    _keep(wildscribe, "document-dark")


def _keep(wildscribe: Wildscribe, name: str) -> None:
    _wait(500)  # hover, focus and layout come to rest
    wildscribe.shell.grab().save(str(FOLDER / f"{name}.png"))


def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        _wait(50)


def _wait(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


if __name__ == "__main__":
    main()
