"""What every test gets: no display needed, no touch on the person's data, nothing left running."""

import gc
import os
import sys
import threading
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path

import psutil
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["HF_HUB_OFFLINE"] = "1"

SINGLETON_THREADS = frozenset({"pytest_timeout"})
"""Threads that a library starts once, for the whole process."""

GRACE_S = 2.0
"""How long a thread or child that was told to end may take to be gone."""


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for each test: settings, library, recordings and models go there."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for name, folder in {
        "XDG_DATA_HOME": ".local/share",
        "XDG_CONFIG_HOME": ".config",
        "XDG_CACHE_HOME": ".cache",
        "XDG_STATE_HOME": ".local/state",
        "LOCALAPPDATA": "AppData/Local",
        "APPDATA": "AppData/Roaming",
        "WIN_PD_OVERRIDE_LOCAL_APPDATA": "AppData/Local",
        "WIN_PD_OVERRIDE_APPDATA": "AppData/Roaming",
    }.items():
        monkeypatch.setenv(name, str(home / folder))
    return home


@pytest.fixture(autouse=True)
def nothing_left_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that leaves a thread, a running QTimer or a child process behind."""
    threads = set(threading.enumerate())
    children = set(_children())
    timers = {id(timer) for timer in _running_timers(request)}
    yield
    leaks = [
        *(f"thread {t.name!r}" for t in _surviving_threads(threads)),
        *(f"child process {c.pid}" for c in _surviving_children(children)),
        *(f"{timer!r}" for timer in _running_timers(request) if id(timer) not in timers),
    ]
    if leaks:
        pytest.fail("left running: " + ", ".join(leaks))


def _surviving_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    started = [t for t in threading.enumerate() if t not in before]
    for thread in started:
        if thread is not threading.current_thread() and thread.name not in SINGLETON_THREADS:
            thread.join(GRACE_S)
    return [t for t in started if t.is_alive() and t.name not in SINGLETON_THREADS]


def _children() -> list[psutil.Process]:
    tracker = resource_tracker._resource_tracker
    return [child for child in psutil.Process().children() if child.pid != tracker._pid]


def _surviving_children(before: set[psutil.Process]) -> list[psutil.Process]:
    _, alive = psutil.wait_procs([c for c in _children() if c not in before], timeout=GRACE_S)
    return alive


def _running_timers(request: pytest.FixtureRequest) -> list[object]:
    """Every active QTimer that Python knows of; only where the test has to do with Qt."""
    if "qapp" not in request.fixturenames or "PySide6.QtCore" not in sys.modules:
        return []
    import shiboken6
    from PySide6.QtCore import QTimer

    # Not isinstance: it asks each object for its __class__, and some answer with a warning.
    timers = [o for o in gc.get_objects() if issubclass(type(o), QTimer)]
    return [timer for timer in timers if shiboken6.isValid(timer) and timer.isActive()]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """Fixtures that may not be committed, beside the checkout; the test is skipped without them."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"needs the shared fixtures beside the checkout ({folder.name}/ is not there)")
    return folder


@pytest.fixture(scope="session")
def mini() -> Path:
    """The shipped model."""
    return REPOSITORY / "resources" / "models" / "mini"


@pytest.fixture(scope="session")
def sample() -> Path:
    """The shipped recording."""
    (recording,) = (REPOSITORY / "resources" / "samples").glob("*.flac")
    return recording
