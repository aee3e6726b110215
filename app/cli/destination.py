"""Where transcripts go: decided for all files before the first one is heard."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import StorageError, UsageError
from engine.export import FORMATS

STANDARD_OUTPUT = "-"
NOTHING_DONE = "Nothing was transcribed yet, and no file was changed."
SEVERAL_ON_A_STREAM = ("txt", "md")
"""Formats of which several can follow each other on one stream and still be read."""


SHELL_EXPANDS = os.name != "nt"
"""Whether ``*.m4a`` has become the names of files before it comes here."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Place and format of one transcript; without a path, standard output."""

    path: Path | None
    format: str


def expanded(files: Sequence[Path], *, shell_expands: bool = SHELL_EXPANDS) -> list[Path]:
    """The files that patterns such as ``*.m4a`` mean; what matches nothing stays as it is."""
    if shell_expands:
        return list(files)
    return [
        match
        for file in files
        for match in ([file] if file.exists() else sorted(file.parent.glob(file.name)) or [file])
    ]


def plan(
    files: Sequence[Path], output: str | None = None, format_name: str | None = None
) -> list[Destination]:
    """One destination for each file.

    Args:
        files: the recordings.
        output: a file, a folder (an existing one, a name that ends with a slash, or any name
            when there are several recordings), "-" or None for standard output.
        format_name: one of `FORMATS`; by default the suffix of ``output``, else "txt".

    Raises:
        UsageError: an unknown format, a recording would be overwritten, or two transcripts would
            get the same name.
    """
    if format_name is not None and format_name not in FORMATS:
        raise UsageError(
            f"There is no format {format_name}.", NOTHING_DONE, f"Use one of: {', '.join(FORMATS)}."
        )
    if output is None or output == STANDARD_OUTPUT:
        return _to_standard_output(files, format_name or "txt")
    target = Path(output).expanduser()
    is_folder = len(files) > 1 or target.is_dir() or output.endswith(("/", os.sep))
    if is_folder and target.is_file():
        raise UsageError(
            f"{target} is a file, but there are {len(files)} recordings.",
            NOTHING_DONE,
            "Name a folder after --output.",
        )
    if is_folder:
        suffix = format_name or "txt"
        paths = [target / f"{file.stem}.{suffix}" for file in files]
    else:
        suffix = format_name or _known(target)
        paths = [target]
    names = [str(path).casefold() for path in paths]  # macOS and Windows do not tell case apart.
    for file, path in zip(files, paths, strict=True):
        if any(_same(path, recording) for recording in files):
            raise UsageError(
                f"{path} is a recording; the transcript of {file.name} would replace it.",
                NOTHING_DONE,
                "Choose another name after --output.",
            )
        if names.count(str(path).casefold()) > 1:
            raise UsageError(
                f"Two recordings would both be written to {path}.",
                NOTHING_DONE,
                "Transcribe them into different folders.",
            )
    return [Destination(path, suffix) for path in paths]


def make_folders(destinations: Sequence[Destination]) -> None:
    """Makes the folders that the transcripts go to, before any work is spent.

    Raises:
        StorageError: a folder cannot be made.
    """
    for folder in {d.path.parent for d in destinations if d.path is not None}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"The folder {folder} cannot be made: {error.strerror or error}.",
                NOTHING_DONE,
                "Choose another place after --output.",
            ) from error


def _to_standard_output(files: Sequence[Path], format_name: str) -> list[Destination]:
    if len(files) > 1 and format_name not in SEVERAL_ON_A_STREAM:
        raise UsageError(
            f"Several {format_name} files cannot follow each other on one stream.",
            NOTHING_DONE,
            "Name a folder after --output.",
        )
    return [Destination(None, format_name) for _ in files]


def _known(target: Path) -> str:
    suffix = target.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise UsageError(
            f"The name {target.name} does not end in a known format.",
            NOTHING_DONE,
            f"End it with one of: {', '.join(FORMATS)}; or say --format. "
            "A folder's name ends with a slash.",
        )
    return suffix


def _same(path: Path, recording: Path) -> bool:
    if path.exists() and recording.exists():
        return path.samefile(recording)
    return path.absolute() == recording.absolute()
