"""Every format gives the same sound, at 16 kHz, mono, in blocks of any size."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio import SAMPLE_RATE_HZ, load, probe, stream
from tests.engine.audio.making import LENGTH_S, by_ffmpeg, by_soundfile, sound

PLAIN = {
    "u8.wav": ("WAV", "PCM_U8", 48_000, 1),
    "s16.wav": ("WAV", "PCM_16", 16_000, 1),
    "s24.wav": ("WAV", "PCM_24", 44_100, 2),
    "s32.wav": ("WAV", "PCM_32", 22_050, 1),
    "f32.wav": ("WAV", "FLOAT", 48_000, 2),
    "ulaw.wav": ("WAV", "ULAW", 8_000, 1),
    "six.wav": ("WAV", "PCM_16", 48_000, 6),
    "a.flac": ("FLAC", "PCM_16", 44_100, 2),
    "a.ogg": ("OGG", "VORBIS", 48_000, 1),
    "a.opus": ("OGG", "OPUS", 48_000, 2),
    "a.mp3": ("MP3", "MPEG_LAYER_III", 44_100, 2),
    "a.aiff": ("AIFF", "PCM_16", 8_000, 1),
    "a.caf": ("CAF", "PCM_16", 16_000, 2),
}
CODED = {
    "a.m4a": {"codec": "aac"},
    "alac.m4a": {"codec": "alac", "kind": "mp4"},
    "a.aac": {"codec": "aac", "kind": "adts"},
    "a.wma": {"codec": "wmav2", "kind": "asf", "rate": 44_100},
    "a.amr": {"codec": "libopencore_amrnb", "rate": 8_000},
    "a.webm": {"codec": "libopus"},
    "a.mp4": {"codec": "aac", "video": True},
    "a.mkv": {"codec": "libopus", "video": True},
    "a.ts": {"codec": "aac", "kind": "mpegts", "video": True},
    "s64.wav": {"codec": "pcm_s64le"},
    "a.avi": {"codec": "libmp3lame", "video": True},
}


def make(folder: Path, name: str) -> Path:
    if name in PLAIN:
        return by_soundfile(folder / name, *PLAIN[name])
    return by_ffmpeg(folder / name, **CODED[name])


@pytest.mark.parametrize("name", [*PLAIN, *CODED])
def test_every_format_sounds_like_what_was_written(tmp_path: Path, name: str) -> None:
    warnings: list[str] = []
    heard = load(make(tmp_path, name), on_warning=warnings.append)

    assert warnings == []
    assert heard.dtype == np.float32
    assert heard.ndim == 1
    assert abs(len(heard) / SAMPLE_RATE_HZ - LENGTH_S) < 0.12
    written = sound(SAMPLE_RATE_HZ)[:, 0]
    assert _likeness(heard, written) > 0.95


@pytest.mark.parametrize("name", ["s24.wav", "a.mp3", "a.m4a", "a.mkv", "s16.wav"])
def test_blocks_joined_are_the_whole_whatever_their_size(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    whole = load(path)
    for block_s in (0.01, 0.7, 100.0):
        blocks = list(stream(path, block_s=block_s))
        assert {len(b) for b in blocks[:-1]} <= {round(block_s * SAMPLE_RATE_HZ)}
        np.testing.assert_array_equal(np.concatenate(blocks), whole)


def test_starting_later_gives_the_rest_bit_for_bit(tmp_path: Path) -> None:
    path = make(tmp_path, "a.m4a")
    rest = np.concatenate(list(stream(path, start_s=2.5)))
    np.testing.assert_array_equal(rest, load(path)[40_000:])
    assert list(stream(path, start_s=60.0)) == []


def test_sixteen_bit_samples_at_16_khz_come_unchanged(tmp_path: Path) -> None:
    path = make(tmp_path, "s16.wav")
    expected, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(load(path), expected)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left = np.full(16_000, 0.5, np.float32)
    soundfile.write(tmp_path / "x.wav", np.stack([left, -left / 2], 1), 16_000, subtype="FLOAT")
    np.testing.assert_array_equal(load(tmp_path / "x.wav"), np.full(16_000, 0.125, np.float32))


@pytest.mark.parametrize("name", ["a.m4a", "a.mp4", "a.mkv", "a.flac", "a.mp3"])
def test_probe_states_what_decoding_then_finds(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    info = probe(path)
    assert info.duration_s == pytest.approx(len(load(path)) / SAMPLE_RATE_HZ, abs=0.05)
    assert (info.channels, info.sample_rate_hz) == (
        2,
        44_100 if name[2:] in {"flac", "mp3"} else 48_000,
    )


def test_probe_does_not_repeat_a_guessed_duration(tmp_path: Path) -> None:
    assert probe(make(tmp_path, "a.aac")).duration_s is None


def test_sound_that_begins_after_the_picture_keeps_its_time(tmp_path: Path) -> None:
    early = load(by_ffmpeg(tmp_path / "a.mp4", "aac", video=True))
    late = load(by_ffmpeg(tmp_path / "b.mp4", "aac", video=True, late_s=1.0))
    loud = np.abs(late) > 0.05
    delay_s = (int(np.argmax(loud)) - int(np.argmax(np.abs(early) > 0.05))) / SAMPLE_RATE_HZ
    assert delay_s == pytest.approx(1.0, abs=0.03)


def _likeness(heard: np.ndarray, written: np.ndarray) -> float:
    """Highest normalised correlation of the loudness curves, within 60 ms of delay."""
    length = min(len(heard), len(written)) // 160 * 160
    a, b = (np.sqrt((x[:length].reshape(-1, 160) ** 2).mean(1)) for x in (heard, written))
    a, b = a - a.mean(), b - b.mean()
    return max(
        float(np.dot(np.roll(a, shift), b) / np.sqrt(np.dot(a, a) * np.dot(b, b)))
        for shift in range(-6, 7)
    )
