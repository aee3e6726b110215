"""The window as a person gets it: its own process, the real engine, the shipped model."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.client import EngineSettings
from app.library import Document, Library
from app.paths import Paths
from app.window import theme
from app.window.document.view import DocumentView
from app.window.main import Wildscribe
from engine.errors import EngineDiedError, StorageError
from engine.transcript import DecidedBy, Route

PATIENCE_MS = 240_000
"""Loading the model on a busy machine takes its time."""


@pytest.fixture
def wildscribe(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, mini: Path
) -> Iterator[Wildscribe]:
    theme.install(qapp)
    made = Wildscribe(Paths(tmp_path / "data"), EngineSettings(str(mini), "cpu"))
    made.start()
    yield made
    made.close()


def opened(wildscribe: Wildscribe, recording: Path) -> DocumentView:
    wildscribe.presenter.open_files([recording])
    view = wildscribe.shell.document
    assert view is not None
    return view


def test_the_sample_is_heard_routed_and_overruled(
    wildscribe: Wildscribe, sample: Path, qtbot: QtBot
) -> None:
    view = opened(wildscribe, sample)
    qtbot.waitUntil(lambda: view.presenter.state.complete, timeout=PATIENCE_MS)
    document = view.presenter.model.document
    assert {segment.route for segment in document.segments} == set(Route)
    assert all(segment.text for segment in document.segments)
    clean = next(s for s in document.segments if s.route is Route.BASE and len(s.alternatives) == 1)
    view.presenter.try_other_route(clean.start_s)
    qtbot.waitUntil(lambda: view.presenter.undo_stack.count() == 1, timeout=PATIENCE_MS)
    overruled = view.presenter.model.segment(clean.start_s)
    assert overruled is not None
    assert (overruled.route, overruled.decided_by) == (Route.ROBUST, DecidedBy.USER)
    assert overruled.decoding(Route.BASE) == clean.decoding(Route.BASE)


def test_the_real_engine_is_killed_and_the_rest_is_heard_afterwards(
    wildscribe: Wildscribe, sample: Path, qtbot: QtBot
) -> None:
    view = opened(wildscribe, sample)
    model = view.presenter.model
    qtbot.waitUntil(lambda: bool(model.document.segments), timeout=PATIENCE_MS)
    process_id = wildscribe.engine.process_id
    assert process_id is not None
    psutil.Process(process_id).kill()
    qtbot.waitUntil(view.banner.isVisible)
    assert view.banner.problem is not None
    assert isinstance(view.banner.problem.error, EngineDiedError)
    kept = model.document
    assert kept.segments
    view.presenter.transcribe()
    qtbot.waitUntil(lambda: view.presenter.state.complete, timeout=PATIENCE_MS)
    heard = {segment.start_s: segment.text for segment in model.document.segments}
    assert {segment.start_s: segment.text for segment in kept.segments}.items() <= heard.items()
    starts = [segment.start_s for segment in model.document.segments]
    ends = [segment.end_s for segment in model.document.segments]
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))


def test_a_killed_window_loses_nothing_and_leaves_no_engine(
    sample: Path, tmp_path: Path, repository: Path, qtbot: QtBot
) -> None:
    command = [sys.executable, "-m", "app.window", "--data", str(tmp_path), str(sample)]
    with subprocess.Popen(command, cwd=repository) as window:
        process = psutil.Process(window.pid)
        qtbot.waitUntil(lambda: bool(saved(tmp_path).segments), timeout=PATIENCE_MS)
        engines = process.children(recursive=True)
        window.kill()
    _, alive = psutil.wait_procs(engines, timeout=60)
    assert engines
    assert not alive
    document = saved(tmp_path)
    assert document.source == sample
    assert all(segment.text for segment in document.segments)


def saved(data: Path) -> Document:
    """The only document of a library that another process writes."""
    path = Paths(data).library
    empty = Document.of(Path("none yet"))
    if not path.exists():
        return empty
    with suppress(StorageError):  # at this very moment it is being made
        library = Library(path)
        try:
            return next((library.load(entry.id) for entry in library.entries()), empty)
        finally:
            library.close()
    return empty


def test_the_window_process_never_imports_torch(
    sample: Path, tmp_path: Path, repository: Path, run_python: Callable[[str], str]
) -> None:
    said = run_python(
        f"""
        import sys
        from pathlib import Path
        from PySide6.QtWidgets import QApplication
        from app.client import EngineSettings
        from app.paths import Paths
        from app.window import theme
        from app.window.main import Wildscribe

        app = QApplication([])
        theme.install(app)
        engine = (sys.executable, "tests/engine/scripted_engine.py")
        wildscribe = Wildscribe(Paths(Path({str(tmp_path)!r})), EngineSettings(), engine)
        wildscribe.start([Path({str(sample)!r})])
        view = wildscribe.shell.document
        while not view.presenter.state.complete:
            app.processEvents()
        view.presenter.move_threshold(0.3)
        view.presenter.listen(0.0)
        view.presenter.export(Path({str(tmp_path / "out.json")!r}))
        while not Path({str(tmp_path / "out.json")!r}).exists():
            app.processEvents()
        wildscribe.close()
        print(sorted(name for name in sys.modules if name.split(".")[0] in ("torch", "peft")))
        """
    )
    assert said == "[]"


@pytest.fixture
def run_python(repository: Path) -> Callable[[str], str]:
    """Runs a script in a process of its own and gives back what it printed."""

    def run(script: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)],
            cwd=repository,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run
