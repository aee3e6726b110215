"""No bytes, however broken, bring anything but sound or a typed error."""

import functools
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.audio import load, probe
from engine.errors import AudioError
from tests.engine.audio.making import by_ffmpeg, by_soundfile

NAMES = [
    "a.wav",
    "a.flac",
    "a.ogg",
    "a.opus",
    "a.mp3",
    "a.aiff",
    "a.m4a",
    "a.mkv",
    "a.aac",
    "a.wma",
]
MAGICS = [
    b"RIFF\0\0\0\0WAVEfmt ",
    b"fLaC",
    b"OggS",
    b"ID3",
    b"\0\0\0\x18ftypM4A ",
    b"\x1aE\xdf\xa3",
    b"",
]
quiet = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@functools.cache
def whole(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        match path.suffix:
            case ".wav" | ".flac" | ".aiff":
                by_soundfile(path, path.suffix[1:].upper(), "PCM_16", 8_000)
            case ".ogg":
                by_soundfile(path, "OGG", "VORBIS", 8_000)
            case ".opus":
                by_soundfile(path, "OGG", "OPUS", 8_000)
            case ".mp3":
                by_soundfile(path, "MP3", "MPEG_LAYER_III", 16_000)
            case ".mkv":
                by_ffmpeg(path, "libopus", video=True)
            case ".wma":
                by_ffmpeg(path, "wmav2", "asf", rate=44_100)
            case suffix:
                by_ffmpeg(path, "aac", "adts" if suffix == ".aac" else None)
        return path.read_bytes()


def sound_or_typed_error(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            probe(path)
            samples = load(path)
        except AudioError:
            return
        assert samples.dtype == np.float32
        assert len(samples) > 0
        assert np.isfinite(samples).all()
        assert np.abs(samples).max() <= 1.0


@quiet
@given(magic=st.sampled_from(MAGICS), noise=st.binary(max_size=4_000), name=st.sampled_from(NAMES))
def test_random_bytes(magic: bytes, noise: bytes, name: str) -> None:
    sound_or_typed_error(name, magic + noise)


@pytest.mark.parametrize("name", NAMES)
@quiet
@given(data=st.data())
def test_files_with_bytes_changed_and_cut(name: str, data: st.DataObject) -> None:
    content = bytearray(whole(name))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.one_of(st.integers(0, 200), st.integers(0, len(content) - 1)))
        patch = data.draw(st.binary(min_size=1, max_size=64))
        content[at : at + len(patch)] = patch
    end = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    sound_or_typed_error(name, bytes(content[:end]))
