"""Starts the window and puts its parts together."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtWidgets import QApplication, QMessageBox

from app.client import EngineClient, EngineSettings
from app.client.engine import COMMAND
from app.library import Autosave, Library
from app.paths import Paths
from app.playback import Player
from app.window import theme
from app.window.icons import app_icon
from app.window.job import unforeseen
from app.window.presenter import WindowPresenter
from app.window.problem import Problem
from app.window.record.presenter import RecordPresenter
from app.window.services import Services
from app.window.shell import Shell
from engine.errors import StorageError


class Wildscribe:
    """The running application: everything that has to be ended together.

    Args:
        paths: where documents and recordings are.
        settings: the model to load.
        command: the engine's program; tests put their own in its place.

    Raises:
        StorageError: the library cannot be opened.
    """

    def __init__(
        self,
        paths: Paths,
        settings: EngineSettings,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.library = Library(paths.library)
        self.engine = EngineClient(settings, command)
        self.autosave = Autosave(self.library, self._storage_failed)
        self.player = Player()
        services = Services(self.engine, self.autosave, self.player)
        self.presenter = WindowPresenter(self.library, services)
        self.recorder = RecordPresenter(paths.recordings)
        self.shell = Shell(self.presenter, self.recorder)
        self.engine.greeted.connect(self.shell.show_engine)
        self.engine.refused.connect(self.shell.show_engine_problem)
        self.engine.died.connect(self.shell.show_engine_problem)

    def start(self, files: Sequence[Path] = ()) -> None:
        """Shows the window and loads the model, so that it is ready when it is needed."""
        self.shell.show()
        self.engine.start()
        self.presenter.open_files(list(files))

    def close(self) -> None:
        """Ends everything; what was made is on disk afterwards."""
        self.shell.close()
        self.engine.close()
        self.autosave.close()
        self.library.close()

    def report_unforeseen(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """For `sys.excepthook`: an error that nobody caught is shown, and the window lives."""
        sys.__excepthook__(kind, error, trace)
        self.shell.report(Problem(unforeseen(error)))

    def _storage_failed(self, error: StorageError) -> None:
        self.presenter.storage_failed.emit(error)  # from the saving thread to the window's


def main(argv: Sequence[str] | None = None) -> int:
    """Opens the window.

    Args:
        argv: arguments without the program's name; recordings to open.

    Returns:
        The exit code of the process.
    """
    parser = argparse.ArgumentParser(prog="wildscribe", description="Opens the window.")
    parser.add_argument("files", nargs="*", type=Path, help="recordings to open")
    parser.add_argument("--model", default="mini", help="name or folder of a model")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    parser.add_argument("--data", type=Path, help="folder for documents and recordings")
    arguments = parser.parse_args(argv)
    app = QApplication([sys.argv[0]])
    app.setApplicationName("Wildscribe")
    app.setWindowIcon(app_icon())
    theme.install(app)
    paths = Paths(arguments.data.absolute()) if arguments.data else Paths.default()
    settings = EngineSettings(arguments.model, arguments.device)
    try:
        wildscribe = Wildscribe(paths, settings)
    except StorageError as error:
        print(error, file=sys.stderr)
        QMessageBox.critical(None, "Wildscribe", str(error))
        return error.exit_code
    sys.excepthook = wildscribe.report_unforeseen
    wildscribe.start(arguments.files)
    code = app.exec()
    sys.excepthook = sys.__excepthook__
    wildscribe.close()
    return code
