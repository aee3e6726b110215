"""From a path to an open source, or to an error that says what is wrong with the file."""

from pathlib import Path

import av
import soundfile

from engine.audio import headers
from engine.audio.container import ContainerSource
from engine.audio.info import AudioInfo, Source
from engine.audio.sndfile import SndfileSource
from engine.errors import (
    AudioError,
    CorruptAudioError,
    EmptyAudioError,
    EncryptedAudioError,
    MissingAudioError,
    StorageError,
    TruncatedAudioError,
    UnsupportedAudioError,
)


def probe(path: str | Path) -> AudioInfo:
    """What a recording says about itself, without decoding it.

    Raises:
        AudioError: missing, a folder, empty, unsupported, encrypted, truncated or corrupt.
        StorageError: the file may not be read.
    """
    source = open_source(Path(path))
    source.close()
    return source.info


def open_source(path: Path, from_s: float = 0.0) -> Source:
    """Opens a recording, from about ``from_s`` (never later; exactly from 0.0).

    libsndfile is asked first, FFmpeg second.

    Raises:
        AudioError, StorageError: as `probe`.
    """
    try:
        _check_readable(path)
        return _sndfile(path, from_s) or _container(path, from_s)
    except PermissionError as error:
        raise StorageError(
            f"{path.name} may not be read.", "Nothing was changed.", "Check its permissions."
        ) from error
    except OSError as error:
        raise StorageError(
            f"{path.name} could not be read ({error.strerror or error}).",
            "Nothing was changed.",
            "Check that its disk or network folder is connected.",
        ) from error


def _sndfile(path: Path, from_s: float) -> SndfileSource | None:
    if path.suffix.lower() == ".raw":  # soundfile would ask for rate and channels
        return None
    try:
        source = SndfileSource(path, from_s)
    except soundfile.SoundFileError:
        return None
    # A WAV that is still being written may state no length; FFmpeg then reads to the end.
    if source.frames_stated == 0:
        source.close()
        return None
    return source


def _container(path: Path, from_s: float) -> ContainerSource:
    try:
        return ContainerSource(path, from_s)
    except LookupError as error:
        raise EmptyAudioError(
            f"{path.name} holds no sound.", "The file was not changed.", "Choose another file."
        ) from error
    except NotImplementedError as error:
        raise UnsupportedAudioError(
            f"The sound in {path.name} is encoded in a way that is not known here.",
            "The file was not changed.",
            "Convert it to WAV, FLAC, MP3 or M4A.",
        ) from error
    except (av.error.FFmpegError, ValueError) as error:
        raise _why_unreadable(path) from error


def _check_readable(path: Path) -> None:
    if not path.exists():
        raise MissingAudioError(f"There is no file {path}.", "", "Check its name and place.")
    if path.is_dir():
        raise UnsupportedAudioError(
            f"{path.name} is a folder.", "", "Choose the recordings inside it."
        )
    if path.stat().st_size == 0:
        raise EmptyAudioError(
            f"{path.name} is empty (0 bytes).", "", "Copy it again from where it was recorded."
        )
    if headers.is_protected(path):
        raise EncryptedAudioError(
            f"{path.name} is protected by digital rights management.",
            "The file was not changed.",
            "Export it without protection from the program that plays it.",
        )


def _why_unreadable(path: Path) -> AudioError:
    safe = "The file was not changed."
    if headers.lacks_index(path):
        return TruncatedAudioError(
            f"{path.name} breaks off before its index, so nothing in it can be located.",
            safe,
            "Copy it again; if the recorder was interrupted, its own app may repair it.",
        )
    if headers.looks_like_media(path):
        return CorruptAudioError(
            f"{path.name} is damaged so that nothing can be read.",
            safe,
            "Copy it again from where it was recorded.",
        )
    return UnsupportedAudioError(
        f"{path.name} is in no audio or video format that is known here.",
        safe,
        "Convert it to WAV, FLAC, MP3 or M4A.",
    )
