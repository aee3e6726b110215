"""The bootstrap, as far as it can be tried without installing anything twice."""

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app import bootstrap
from app.libraries import (
    REQUIREMENTS,
    Requirement,
    install_command,
    is_present,
    missing,
    window_obstacle,
)


@pytest.mark.parametrize("module", ["__init__", "bootstrap", "libraries"])
def test_an_old_python_can_read_it(module: str, repository: Path) -> None:
    source = (repository / "app" / f"{module}.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))


@pytest.mark.parametrize("module", ["bootstrap", "libraries"])
def test_it_needs_only_the_standard_library(module: str, repository: Path) -> None:
    tree = ast.parse((repository / "app" / f"{module}.py").read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names | {"app"}


def test_it_runs_without_anything_installed(repository: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c"]
    code = f"import sys; sys.path.insert(0, {str(repository)!r}); import app.bootstrap"
    subprocess.run([*command, code], check=True)


def test_torch_is_asked_for_in_the_range_of_the_project(repository: Path) -> None:
    project = (repository / "pyproject.toml").read_text(encoding="utf-8")
    wanted = bootstrap.torch_requirement(project)
    assert wanted in tomllib.loads(project)["project"]["dependencies"]
    assert wanted.startswith("torch>=")


def _finished(venv: Path, repository: Path, extras: list[str]) -> None:
    """A virtual environment that looks as `set_up` leaves it."""
    import hashlib

    digest = hashlib.sha256((repository / "pyproject.toml").read_bytes()).hexdigest()
    python = venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    python.parent.mkdir(parents=True)
    python.touch()
    stamp = {"pyproject": digest, "extras": extras}
    (venv / bootstrap.STAMP).write_text(json.dumps(stamp))


def test_a_second_run_installs_nothing(tmp_path: Path, repository: Path) -> None:
    _finished(tmp_path, repository, ["dev"])
    before = (tmp_path / bootstrap.STAMP).stat().st_mtime_ns
    assert Path(bootstrap.set_up(tmp_path, extras=())).is_file()
    assert Path(bootstrap.set_up(tmp_path, extras=("dev",))).is_file()
    assert (tmp_path / bootstrap.STAMP).stat().st_mtime_ns == before


@pytest.mark.parametrize("stamp", ["", "{", '{"extras": []}'])
def test_an_unfinished_environment_is_not_taken_for_a_finished_one(
    stamp: str, tmp_path: Path
) -> None:
    path = tmp_path / bootstrap.STAMP
    path.write_text(stamp)
    assert "pyproject" not in bootstrap.read_stamp(path)


def test_what_is_missing_is_named_with_the_command() -> None:
    absent = Requirement("libnowhere7", "libnowhere.so.7", "window")
    program = Requirement("nowhere", "no-such-program", "window")
    other = Requirement("elsewhere", "libelsewhere.so.1", "tests")
    assert not is_present(absent)
    assert not is_present(program)
    if sys.platform.startswith("linux"):
        lacking = missing(("window",), (absent, program, other))
        assert lacking == [absent, program]
        assert "libnowhere" in install_command(lacking)


def test_needing_something_that_cannot_be_installed_stops_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")  # no apt-get to be found
    absent = Requirement("libnowhere7", "libnowhere.so.7", "window")
    with pytest.raises(bootstrap.SetupError, match=r"libnowhere7[\s\S]*To mend: "):
        bootstrap.need([absent], required=True)


def test_an_optional_need_is_named_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    bootstrap.need([Requirement("libnowhere7", "libnowhere.so.7", "window")], required=False)
    assert "libnowhere7" in capsys.readouterr().out


def test_what_keeps_a_window_from_opening_is_said() -> None:
    cursor = Requirement("libxcb-cursor0", "libxcb-cursor.so.0", "window")
    opengl = Requirement("libgl1", "libGL.so.1", "window")
    assert "no display" in window_obstacle({}, [])
    assert window_obstacle({"DISPLAY": ":0"}, []) == ""
    assert "libxcb-cursor0" in window_obstacle({"DISPLAY": ":0"}, [cursor])
    assert window_obstacle({"WAYLAND_DISPLAY": "wayland-0"}, [cursor]) == ""
    assert window_obstacle({"QT_QPA_PLATFORM": "offscreen"}, [cursor]) == ""
    assert "libgl1" in window_obstacle({"QT_QPA_PLATFORM": "offscreen"}, [cursor, opengl])


def test_every_requirement_has_a_purpose_that_somebody_asks_for() -> None:
    assert {r.purpose for r in REQUIREMENTS} == {"window", "sound", "tests"}
    assert len({r.package for r in REQUIREMENTS}) == len(REQUIREMENTS)


@pytest.mark.parametrize("job", ["sample", "test"])
def test_ci_runs_the_commands_of_the_readme(job: str, repository: Path) -> None:
    command = f"python3 -m app.bootstrap {job}\n"
    assert command in (repository / "README.md").read_text(encoding="utf-8")
    assert command in (repository / ".ci" / "run").read_text(encoding="utf-8")


def test_the_sample_is_there_with_its_text() -> None:
    assert bootstrap.SAMPLE.is_file()
    assert bootstrap.SAMPLE.with_suffix(".txt").read_text(encoding="utf-8").strip()
