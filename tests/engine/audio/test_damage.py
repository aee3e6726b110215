"""What is wrong with a file is said; what can be used of it is used."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio import SAMPLE_RATE_HZ, load, probe, stream
from engine.errors import (
    AudioError,
    CorruptAudioError,
    EmptyAudioError,
    EncryptedAudioError,
    InvalidAudioError,
    MissingAudioError,
    TruncatedAudioError,
    UnsupportedAudioError,
)
from tests.engine.audio.making import LENGTH_S, by_ffmpeg, by_soundfile, cut_off, damaged


def refused(path: Path, kind: type[AudioError]) -> AudioError:
    with pytest.raises(kind) as caught:
        load(path)
    assert type(caught.value) is kind
    assert path.name in caught.value.what
    return caught.value


def test_missing_folder_and_empty(tmp_path: Path) -> None:
    refused(tmp_path / "nothing.wav", MissingAudioError)
    (tmp_path / "folder.wav").mkdir()
    refused(tmp_path / "folder.wav", UnsupportedAudioError)
    (tmp_path / "zero.mp3").touch()
    refused(tmp_path / "zero.mp3", EmptyAudioError)


@pytest.mark.parametrize("name", ["no_samples.wav", "no_samples.flac"])
def test_a_header_without_samples_is_empty(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / name, np.zeros(0, np.float32), 16_000)
    refused(tmp_path / name, EmptyAudioError)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b"Meet me at the station.\n" * 200),
        ("subtitles.srt", b"1\n00:00:01,000 --> 00:00:02,000\nHello\n\n" * 20),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:10,\nhttp://localhost/a.ts\n#EXT-X-ENDLIST\n"),
        ("join.ffconcat", b"ffconcat version 1.0\nfile secret.wav\n"),
        ("picture.bmp", b"BM" + struct.pack("<IIIIiiHH", 70, 0, 54, 40, 2, 2, 1, 24) + b"\0" * 40),
        ("samples.raw", b"\1\2" * 5_000),
    ],
)
def test_what_is_no_recording_is_unsupported(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, UnsupportedAudioError)


def test_an_encoding_without_decoder_is_unsupported(tmp_path: Path) -> None:
    path = by_soundfile(tmp_path / "x.wav", "WAV", "PCM_16", 16_000)
    data = bytearray(path.read_bytes())
    data[20:22] = struct.pack("<H", 0x1FE1)
    path.write_bytes(data)
    refused(path, UnsupportedAudioError)


def test_a_film_without_sound_is_empty(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "silent.mp4"), "w") as container:
        stream_ = container.add_stream("mpeg4", rate=10)
        stream_.width, stream_.height, stream_.pix_fmt = 64, 48, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        container.mux(stream_.encode(frame))
        container.mux(stream_.encode())
    refused(tmp_path / "silent.mp4", EmptyAudioError)


@pytest.mark.parametrize("entry", [b"drms", b"enca"])
def test_protected_mp4(tmp_path: Path, entry: bytes) -> None:
    path = by_ffmpeg(tmp_path / "song.m4p", "aac", "mp4")
    path.write_bytes(path.read_bytes().replace(b"mp4a", entry, 1))
    refused(path, EncryptedAudioError)


def test_mp4_cut_off_before_its_index(tmp_path: Path) -> None:
    refused(cut_off(by_ffmpeg(tmp_path / "a.m4a", "aac")), TruncatedAudioError)


def test_a_known_format_of_which_nothing_is_left_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(b"fLaC" + bytes(4_000))
    refused(path, CorruptAudioError)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.mkv", "fast.m4a"])
def test_half_a_file_is_used_and_the_missing_half_is_told(tmp_path: Path, name: str) -> None:
    kinds = {
        "a.wav": ("WAV", "PCM_16"),
        "a.flac": ("FLAC", "PCM_16"),
        "a.mp3": ("MP3", "MPEG_LAYER_III"),
    }
    if name in kinds:
        path = by_soundfile(tmp_path / name, *kinds[name])
    else:
        codec = "aac" if name.endswith("m4a") else "libopus"
        path = by_ffmpeg(tmp_path / name, codec, faststart=name.endswith("m4a"))
    warnings: list[str] = []
    heard = load(cut_off(path), on_warning=warnings.append)
    assert len(heard) / SAMPLE_RATE_HZ == pytest.approx(LENGTH_S / 2, abs=0.25)
    assert len(warnings) == 1
    missing_s = float(warnings[0].split()[0])
    assert missing_s == pytest.approx(LENGTH_S - len(heard) / SAMPLE_RATE_HZ, abs=0.15)


@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.ogg"])
def test_sound_behind_the_damage_is_rescued(tmp_path: Path, name: str) -> None:
    kind = {
        "a.flac": ("FLAC", "PCM_16"),
        "a.mp3": ("MP3", "MPEG_LAYER_III"),
        "a.ogg": ("OGG", "VORBIS"),
    }
    path = damaged(by_soundfile(tmp_path / name, *kind[name]))
    heard = load(path)
    assert len(heard) / SAMPLE_RATE_HZ > 0.9 * LENGTH_S
    assert np.abs(heard[-SAMPLE_RATE_HZ:]).max() > 0.05


@pytest.mark.parametrize("codec", ["aac", "libopus"])
def test_damage_in_the_middle_moves_nothing_behind_it(tmp_path: Path, codec: str) -> None:
    path = by_ffmpeg(tmp_path / ("a.m4a" if codec == "aac" else "a.mkv"), codec)
    warnings: list[str] = []
    whole, holed = load(path), load(damaged(path), on_warning=warnings.append)
    assert len(holed) == pytest.approx(len(whole), abs=0.11 * SAMPLE_RATE_HZ)
    np.testing.assert_allclose(holed[-6_400:-1_600], whole[-6_400:-1_600], atol=0.02)
    assert any("damaged" in w for w in warnings)


@pytest.mark.parametrize(
    ("riff_bytes", "data_bytes"),
    [(0, 0), (8, 0), (36, 0), (0xFFFFFFFF, 0xFFFFFFFF), (0x7FFFF000, 0x7FFFF000 - 36)],
)
def test_a_wav_still_being_written_is_read_as_far_as_it_is_there(
    tmp_path: Path, riff_bytes: int, data_bytes: int
) -> None:
    path = by_soundfile(tmp_path / "rec.wav", "WAV", "PCM_16", 16_000)
    whole = load(path)
    data = bytearray(path.read_bytes())
    data[4:8], data[40:44] = struct.pack("<I", riff_bytes), struct.pack("<I", data_bytes)
    path.write_bytes(data[: 44 + 2 * 40_000])
    warnings: list[str] = []
    np.testing.assert_array_equal(load(path, on_warning=warnings.append), whole[:40_000])
    assert warnings == []


def test_samples_that_are_no_numbers_become_silence_and_are_counted(tmp_path: Path) -> None:
    samples = np.full(16_000, 0.25, np.float32)
    samples[[5, 6, 7]] = np.nan, np.inf, -np.inf
    soundfile.write(tmp_path / "x.wav", samples, 16_000, subtype="FLOAT")
    warnings: list[str] = []
    heard = load(tmp_path / "x.wav", on_warning=warnings.append)
    assert heard[5:8].tolist() == [0.0, 0.0, 0.0]
    assert warnings == ["3 of 16000 samples are no numbers and were taken as silence."]


def test_nothing_but_nan_is_no_sound(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.full(9_000, np.nan, np.float32), 48_000, subtype="FLOAT")
    refused(tmp_path / "x.wav", InvalidAudioError)


def test_beyond_full_scale_is_clipped_and_told(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.full(8_000, 3.0, np.float32), 16_000, subtype="FLOAT")
    warnings: list[str] = []
    assert load(tmp_path / "x.wav", on_warning=warnings.append).max() == 1.0
    assert warnings == ["100% of the samples lie beyond full scale and were clipped."]


@pytest.mark.parametrize("rate_hz", [1, 999, 4_000_000_000])
def test_a_rate_that_no_recorder_has_is_damage(tmp_path: Path, rate_hz: int) -> None:
    path = by_soundfile(tmp_path / "x.wav", "WAV", "PCM_16", 16_000)
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", rate_hz)
    path.write_bytes(data)
    with pytest.raises(AudioError):
        load(path)


def test_a_name_that_looks_like_an_address_is_a_file(tmp_path: Path) -> None:
    path = by_ffmpeg(tmp_path / "http:%2fx%03d.m4a", "aac", "mp4")
    assert probe(path).codec == "aac"


def test_senseless_blocks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0"):
        next(stream(tmp_path / "x.wav", block_s=0.0))
