"""From a format's name to its text, and onto the disk without ever leaving half a file."""

import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from engine.errors import StorageError, UsageError
from engine.export.json_format import render_json
from engine.export.readable import render_md, render_txt
from engine.export.subtitles import render_srt, render_vtt
from engine.export.table import render_csv
from engine.transcript import Transcript

_RENDERERS: dict[str, Callable[[Transcript], str]] = {
    "txt": render_txt,
    "srt": render_srt,
    "vtt": render_vtt,
    "json": render_json,
    "csv": render_csv,
    "md": render_md,
}

FORMATS: Mapping[str, str] = MappingProxyType({name: f".{name}" for name in _RENDERERS})
"""Name of each format -> the suffix of its files."""


def render(transcript: Transcript, format: str) -> str:
    """The transcript as text in one of `FORMATS`.

    Raises:
        UsageError: there is no such format.
    """
    if format not in _RENDERERS:
        raise UsageError(
            f"There is no export format {format}.", "", f"Use one of: {', '.join(FORMATS)}."
        )
    return _RENDERERS[format](transcript)


def write(transcript: Transcript, path: str | Path, format: str | None = None) -> None:
    """Writes a transcript, UTF-8; a file that was there is replaced in one step, or kept.

    Args:
        transcript: what to write.
        path: the file; its folder must exist.
        format: one of `FORMATS`; by default the suffix of ``path``.

    Raises:
        UsageError: there is no such format.
        StorageError: it can't be written; a file that was there is as it was.
    """
    path = Path(path)
    text = render(transcript, format or path.suffix.lower().removeprefix("."))
    try:
        _replace(path, text.encode("utf-8", errors="replace"))
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}.",
            "The transcript is not lost, and an earlier file there is as it was.",
            "Choose another folder, or make room on the disk.",
        ) from error


def _replace(path: Path, content: bytes) -> None:
    """Writes beside the file, to the disk, then moves into its place."""
    target = path.resolve()
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
