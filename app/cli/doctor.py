"""``wildscribe doctor``: what this computer has, what it lacks, and the command that mends it."""

import platform
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from app.cli.console import Console, size_text, table
from app.libraries import install_command, missing
from engine.errors import WildscribeError

PACKAGES = (
    "wildscribe",
    "torch",
    "transformers",
    "peft",
    "silero-vad",
    "soundfile",
    "av",
    "soxr",
    "sounddevice",
    "PySide6-Essentials",
)


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is here."""

    name: str
    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    Attributes:
        python: version of the interpreter.
        system: name and version of the operating system, and the processor.
        device: where recognition would run; "" when no device can be used.
        device_reason: why there.
        versions: distribution -> version, "" when it is not installed.
        microphones: names of the devices that record.
        speakers: names of the devices that play.
        models: models that are here.
        problems: what is missing or broken, one sentence each, with what to do.
    """

    python: str
    system: str
    device: str
    device_reason: str
    versions: dict[str, str]
    microphones: list[str]
    speakers: list[str]
    models: list[Model]
    problems: list[str]


def command(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show device, versions, sound, models, and what is missing.

    Exits with 1 if anything is missing.
    """
    report = examine()
    console = Console.standard()
    if as_json:
        console.json(asdict(report))
    else:
        console.result(describe(report))
    raise typer.Exit(1 if report.problems else 0)


def examine() -> Report:
    """Looks at this computer; nothing is changed and nothing is contacted."""
    problems: list[str] = []
    lacking = missing(("window", "sound"))
    if lacking:
        names = ", ".join(requirement.package for requirement in lacking)
        problems.append(
            f"System packages are missing: {names}. To mend: {install_command(lacking)}"
        )
    device, reason = _device(problems)
    microphones, speakers = _sound(problems)
    return Report(
        python=platform.python_version(),
        system=f"{platform.platform()} {platform.machine()}",
        device=device,
        device_reason=reason,
        versions=_versions(problems),
        microphones=microphones,
        speakers=speakers,
        models=_models(problems),
        problems=problems,
    )


def describe(report: Report) -> str:
    """The report for people."""
    rows = [
        ("Python", f"{report.python} ({sys.executable})"),
        ("System", report.system),
        ("Device", report.device_reason or "none can be used"),
        *((name, number or "not installed") for name, number in report.versions.items()),
        ("Microphones", ", ".join(report.microphones) or "none"),
        ("Speakers", ", ".join(report.speakers) or "none"),
        *((f"Model {m.name}", f"{size_text(m.size_bytes)}  {m.path}") for m in report.models),
    ]
    ending = "\n".join(f"! {problem}" for problem in report.problems) or "Nothing is missing."
    return f"{table(rows)}\n\n{ending}"


def _device(problems: list[str]) -> tuple[str, str]:
    from engine.device import choose

    try:
        device = choose("auto")
    except WildscribeError as error:
        problems.append(str(error))
        return "", ""
    return device.name, device.reason


def _versions(problems: list[str]) -> dict[str, str]:
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = ""
            problems.append(f"{name} is not installed. To mend: pip install {name}")
    return versions


def _sound(problems: list[str]) -> tuple[list[str], list[str]]:
    """Devices that record and that play. No device is no problem: many machines have none."""
    try:
        # Raises OSError where PortAudio, which it binds, is not installed.
        import sounddevice

        devices = list(sounddevice.query_devices())
    except OSError as error:
        problems.append(f"Sound cannot be recorded or played: {error}.")
        return [], []
    microphones = [device["name"] for device in devices if device["max_input_channels"]]
    speakers = [device["name"] for device in devices if device["max_output_channels"]]
    return microphones, speakers


def _models(problems: list[str]) -> list[Model]:
    from engine.models import catalogue

    here = [
        Model(entry.name, str(entry.path), entry.size_bytes)
        for entry in catalogue()
        if entry.path is not None
    ]
    if not here:
        problems.append("No model is here. To mend: wildscribe models import FOLDER")
    return here
