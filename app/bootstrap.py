"""From a fresh clone to a running Wildscribe: ``python3 -m app.bootstrap sample`` or ``test``.

Needs nothing but Python's standard library, and starts on any Python since 3.8, so that one which
is too old is told so in words. Nothing is written outside the checkout, except system packages
when it runs as root; anybody else is shown the command that installs them.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.libraries import Requirement, install_command, is_root, missing

PYTHON = (3, 11)
NEWER_PYTHONS = ("python3.13", "python3.12", "python3.11", "python3.14")
ROOT = Path(__file__).resolve().parent.parent
STAMP = "wildscribe.json"

CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
"""PyTorch's own index of builds without CUDA. On Linux the default build brings gigabytes of it."""

SAMPLE = ROOT / "resources" / "samples" / "wild-afternoon.flac"


class SetupError(Exception):
    """Something that the person has to mend; the text says what and how."""


def main(argv: Sequence[str] | None = None) -> int:
    """Sets up what is missing, then does one job; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m app.bootstrap", description=__doc__)
    parser.add_argument(
        "job",
        choices=("sample", "test", "check"),
        help="sample: transcribe the shipped recording; test: run the tests; check: lint",
    )
    parser.add_argument(
        "--venv", type=Path, default=ROOT / ".venv", help="virtual environment (default: .venv)"
    )
    options = parser.parse_args(argv)
    try:
        if sys.version_info < PYTHON:
            return with_newer_python(sys.argv[1:] if argv is None else argv)
        if options.job == "sample":
            need(missing(("window", "sound")), required=False)
            return transcribe_sample(set_up(options.venv, extras=()))
        if options.job == "check":
            return check(set_up(options.venv, extras=("dev",)))
        need(missing(("window", "sound", "tests")), required=True)
        return run([set_up(options.venv, extras=("dev",)), "-m", "pytest"])
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def with_newer_python(arguments: Sequence[str]) -> int:
    """Hands over to a newer interpreter on this computer, or explains how to get one."""
    for name in NEWER_PYTHONS:
        newer = shutil.which(name)
        if newer is not None and run([newer, "-c", ""], quiet=True) == 0:
            return run([newer, "-m", "app.bootstrap", *arguments])
    have = ".".join(map(str, sys.version_info[:2]))
    raise SetupError(
        f"Wildscribe needs Python 3.11 or newer; this is Python {have}.\n"
        "Ubuntu 22.04: sudo apt-get install python3.11 python3.11-venv\n"
        "macOS, Windows: https://www.python.org/downloads/"
    )


def need(lacking: Sequence[Requirement], *, required: bool) -> None:
    """Installs system packages when it may; otherwise names them and the command."""
    if not lacking:
        return
    names = " ".join(requirement.package for requirement in lacking)
    if is_root() and shutil.which("apt-get"):
        print(f"Installing system packages: {names}", flush=True)
        apt_install([requirement.package for requirement in lacking])
        return
    message = f"System packages are missing: {names}\nTo mend: {install_command(lacking)}"
    if required:
        raise SetupError(message)
    print(f"{message}\n(The window and the microphone need them; the command line does not.)")


def apt_install(packages: Sequence[str]) -> None:
    """Installs Debian packages, as root.

    Raises:
        SetupError: apt could not.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages],
    ):
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise SetupError(f"This failed, as root: {' '.join(command)}")


def set_up(venv: Path, extras: Sequence[str]) -> str:
    """Makes the virtual environment and installs the project into it, unless that is done.

    Args:
        venv: its folder.
        extras: extras of the project to install beside those that are there.

    Returns:
        Path of the environment's interpreter.

    Raises:
        SetupError: something of the system is missing, or pip failed.
    """
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = venv / STAMP
    project = (ROOT / "pyproject.toml").read_bytes()
    have = read_stamp(stamp) if python.exists() else {}
    digest = hashlib.sha256(project).hexdigest()
    installed = set(have.get("extras", ()))
    if have.get("pyproject") == digest and installed.issuperset(extras):
        return str(python)
    if not have:
        create_environment(venv)
    stamp.unlink(missing_ok=True)
    wanted = sorted(installed.union(extras))
    install(str(python), wanted, torch_requirement(project.decode("utf-8")))
    stamp.write_text(json.dumps({"pyproject": digest, "extras": wanted}), encoding="utf-8")
    return str(python)


def read_stamp(stamp: Path) -> dict[str, Any]:
    """What `set_up` finished the last time; empty when it never did."""
    try:
        have: dict[str, Any] = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return have


def create_environment(venv: Path) -> None:
    """Makes a virtual environment, or repairs it; Debian's Python lacks the means at first."""
    if importlib.util.find_spec("ensurepip") is None:
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        need([Requirement(package, "ensurepip", "setup")], required=True)
    print(f"Making a virtual environment in {venv}", flush=True)
    if run([sys.executable, "-m", "venv", str(venv)]) != 0:
        raise SetupError(f"No virtual environment could be made in {venv}.")


def install(python: str, extras: Sequence[str], torch: str) -> None:
    """Installs the project, editable, with its dependencies.

    PyTorch goes first and alone: from its index of CPU builds where there is no NVIDIA driver on
    Linux, and without letting that index serve anything else. If that index cannot be reached,
    the next step takes PyTorch from wherever pip is told to look.
    """
    print("Installing Wildscribe; the first time takes some minutes", flush=True)
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
    if sys.platform.startswith("linux") and not Path("/proc/driver/nvidia").exists():
        once = ["--no-deps", "--retries", "1", "--timeout", "15", "--index-url", CPU_WHEELS]
        run([*pip, *once, torch], quiet=True)
    project = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    if run([*pip, "--editable", project]) != 0:
        raise SetupError(
            "pip could not install the dependencies; its message is above.\n"
            "Check the network and run the same command again: it goes on where it stopped."
        )


def torch_requirement(project: str) -> str:
    """PyTorch with the version range of ``pyproject.toml``."""
    import tomllib  # since Python 3.11; here the version has been checked

    dependencies: list[str] = tomllib.loads(project)["project"]["dependencies"]
    return next(name for name in dependencies if name.startswith("torch>"))


def transcribe_sample(python: str) -> int:
    """The main job: transcribe, show the routes, and score against the text that was spoken."""
    wildscribe = [python, "-m", "app"]
    recording = str(SAMPLE.relative_to(ROOT))
    show("wildscribe", "transcribe", recording)
    done = subprocess.run(
        [*wildscribe, "transcribe", recording],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    print(done.stdout, end="", flush=True)
    if done.returncode != 0:
        return done.returncode
    show("wildscribe", "route", recording)
    code = run([*wildscribe, "route", recording])
    if code != 0:
        return code
    record = {
        "audio_path": recording,
        "answer": SAMPLE.with_suffix(".txt").read_text(encoding="utf-8"),
        "subset": "sim-en-mixed",
        "prediction": done.stdout,
    }
    with tempfile.TemporaryDirectory() as folder:
        predictions = Path(folder) / "predictions.jsonl"
        predictions.write_text(json.dumps(record), encoding="utf-8")
        show("wildscribe", "score", predictions.name)
        return run([*wildscribe, "score", str(predictions)])


def check(python: str) -> int:
    """Linters, types and the import contract; all of them run, whatever the first one says."""
    tools = Path(python).parent
    commands = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports"])
    codes = []
    for command in commands:
        show(*command)
        codes.append(run([str(tools / command[0]), *command[1:]]))
    return max(codes)


def show(*command: str) -> None:
    """Prints a command as a person would type it."""
    print("\n$", *command, flush=True)


def run(command: Sequence[str], *, quiet: bool = False) -> int:
    """Runs a command in the checkout and returns its exit code."""
    sink = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, cwd=ROOT, stdout=sink, stderr=sink, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
