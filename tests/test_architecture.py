"""The rules of the house: arrows, sizes, excepts, and nothing about anybody's machine."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

PACKAGES = ("app", "engine", "training")
LONGEST_MODULE_LINES = 500
BROAD = frozenset({"Exception", "BaseException"})

BROAD_EXCEPTS = frozenset({"engine/serve.py", "app/window/job.py", "training/finetune/runner.py"})
"""The outer boundaries, where whatever happened is reported: the engine's loop, the window's
background jobs, the loop over a training run's stages."""

TEXT_SUFFIXES = frozenset({".py", ".md", ".toml", ".yaml", ".cfg", ".txt", ".json", ""})
MACHINE = re.compile(r"(^|[^\w./])/(work|root|farm|opt|mnt)/")


def _modules(repository: Path, *roots: str) -> list[Path]:
    return sorted(path for root in roots for path in (repository / root).rglob("*.py"))


def _tracked(repository: Path) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [repository / name for name in listed.stdout.split("\0") if name]


def test_imports_follow_the_arrows(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    assert lint_imports(no_cache=True) == 0


def test_no_module_does_more_than_one_thing(repository: Path) -> None:
    lengths = {
        path.relative_to(repository).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in _modules(repository, *PACKAGES, "tests")
    }
    assert {name: n for name, n in lengths.items() if n > LONGEST_MODULE_LINES} == {}


def test_broad_excepts_only_at_the_outer_boundaries(repository: Path) -> None:
    found = {
        path.relative_to(repository).as_posix()
        for path in _modules(repository, *PACKAGES)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    }
    assert found == BROAD_EXCEPTS


def _is_broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in BROAD) for kind in kinds)


def test_pickles_are_never_unpickled(repository: Path) -> None:
    for path in _modules(repository, *PACKAGES):
        source = path.read_text(encoding="utf-8")
        assert "weights_only=False" not in source, path
        assert not re.search(r"^\s*(import|from) pickle\b", source, re.MULTILINE), path


def test_nothing_names_somebodys_machine(repository: Path) -> None:
    found = [
        f"{path.relative_to(repository)}:{number}"
        for path in _tracked(repository)
        if path.suffix in TEXT_SUFFIXES and path.is_file() and path != Path(__file__)
        for number, line in enumerate(path.read_bytes().splitlines(), start=1)
        if MACHINE.search(line.decode("utf-8", errors="replace"))
    ]
    assert found == []
