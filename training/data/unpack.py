"""Audio that lies inside other files, put into files of its own."""

import hashlib
from pathlib import Path
from typing import Any

import soundfile

from engine.samples import SAMPLE_RATE_HZ, Samples

_MAGIC = {b"RIFF": ".wav", b"fLaC": ".flac", b"OggS": ".ogg", b"ID3": ".mp3", b"\xff\xfb": ".mp3"}


def unpack_bytes(content: bytes, folder: Path, name: str = "") -> Path:
    """A file with this content, named by its digest; one that is there already is not written.

    Args:
        content: of an audio file.
        folder: made if need be.
        name: of the file it once was, for its suffix; may be empty.

    Raises:
        OSError: it could not be written.
    """
    suffix = Path(name).suffix.lower() or next(
        (suffix for magic, suffix in _MAGIC.items() if content.startswith(magic)), ".wav"
    )
    path = folder / f"{hashlib.sha256(content).hexdigest()[:32]}{suffix}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(content)
        part.replace(path)
    return path


def unpack_samples(samples: Samples, folder: Path) -> Path:
    """A WAV file with exactly these samples (float32, 16 kHz). Raises as `unpack_bytes`."""
    path = folder / f"{hashlib.sha256(samples.tobytes()).hexdigest()[:32]}.wav"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        soundfile.write(part, samples, SAMPLE_RATE_HZ, subtype="FLOAT", format="WAV")
        part.replace(path)
    return path


def as_file(audio: Any, beside: Path, folder: Path) -> Path | None:
    """The file that a record means by its audio.

    Args:
        audio: a path, or the two fields of an audio column, ``{"bytes": ..., "path": ...}``.
        beside: what relative paths are relative to.
        folder: where bytes are unpacked to.

    Returns:
        A path, whether there is a file or not; None when nothing is said.
    """
    if isinstance(audio, str) and audio:
        path = Path(audio)
        # "~nobody" is a name like any other.
        return (beside / (path.expanduser() if path.parts[0] == "~" else path)).absolute()
    if isinstance(audio, dict):
        name = str(audio.get("path") or "")
        if audio.get("bytes"):
            return unpack_bytes(audio["bytes"], folder, name)
        if name:
            return as_file(name, beside, folder)
    return None
