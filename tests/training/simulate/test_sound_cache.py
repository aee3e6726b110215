"""What is kept is what was made, and whatever is wrong with it only costs time."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.training.simulate.speech import spoken
from training.simulate import textures
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.materials import FileMaterials
from training.simulate.rooms import RoomBank
from training.simulate.sound_cache import Half, SoundCache


class Maker:
    """A sound, and how often it was made."""

    def __init__(self) -> None:
        self.times = 0
        self.wave = spoken(0.5, 3)

    def __call__(self) -> Wave:
        self.times += 1
        return self.wave


@pytest.fixture
def maker() -> Maker:
    return Maker()


def same(sound: Half, maker: Maker) -> bool:
    return sound.dtype == np.float16 and np.array_equal(sound, maker.wave.astype(np.float16))


def test_a_sound_is_made_once(maker: Maker, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for _ in range(3):
        assert same(SoundCache(folder, 1).sound("hum/3", "", maker), maker)
    assert maker.times == 1
    assert [file.name for file in folder.iterdir()] == ["sound-1-hum-3.f16"]


def test_without_a_folder_nothing_is_kept(maker: Maker) -> None:
    for _ in range(2):
        assert same(SoundCache(None, 1).sound("hum/3", "", maker), maker)
    assert maker.times == 2


def test_another_version_name_or_source_is_another_sound(maker: Maker, tmp_path: Path) -> None:
    SoundCache(tmp_path, 1).sound("babble/0", "a", maker)
    SoundCache(tmp_path, 2).sound("babble/0", "a", maker)
    SoundCache(tmp_path, 1).sound("babble/1", "a", maker)
    assert maker.times == 3
    SoundCache(tmp_path, 1).sound("babble/0", "b", maker)
    SoundCache(tmp_path, 1).sound("babble/0", "a", maker)
    assert maker.times == 5
    assert len(list(tmp_path.iterdir())) == 3  # other sources take the place of the first


def test_a_damaged_file_is_made_anew(maker: Maker, tmp_path: Path) -> None:
    cache = SoundCache(tmp_path, 1)
    cache.sound("hum/3", "", maker)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for times, damaged in enumerate((b"", b"short", whole[:-3], whole[:-4], bytes(flipped)), 2):
        file.write_bytes(damaged)
        assert same(cache.sound("hum/3", "", maker), maker)
        assert maker.times == times
        assert file.read_bytes() == whole
        assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_cannot_be_written_to_costs_only_time(maker: Maker, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    for times in (1, 2):
        assert same(SoundCache(tmp_path / "taken", 1).sound("hum/3", "", maker), maker)
        assert maker.times == times


def test_materials_sound_the_same_made_or_kept(bank: RoomBank, tmp_path: Path) -> None:
    speech = tmp_path / "speech"
    speech.mkdir()
    for number in range(4):
        soundfile.write(speech / f"{number}.flac", spoken(2.0, number), SAMPLE_RATE)
    fresh = FileMaterials(bank, speech_root=speech)
    for _ in range(2):  # made, then kept
        kept = FileMaterials(bank, speech_root=speech, cache=tmp_path / "cache")
        for name in ("white/0", "hum/1", "street/7", "machine/2", "babble/5"):
            heard = kept.sound(name, 29.0, 2 * SAMPLE_RATE)
            assert np.array_equal(heard, fresh.sound(name, 29.0, 2 * SAMPLE_RATE))
    assert len(list((tmp_path / "cache").iterdir())) == 5


def test_babble_follows_the_speech_it_is_made_of(bank: RoomBank, tmp_path: Path) -> None:
    for number in range(3):
        soundfile.write(tmp_path / f"{number}.wav", spoken(1.0, number), SAMPLE_RATE)

    def babble(cache: Path | None) -> Wave:
        return FileMaterials(bank, speech_root=tmp_path, cache=cache).sound("babble/0", 0.0, 9_000)

    before = babble(tmp_path / "cache")
    status = (tmp_path / "1.wav").stat()
    soundfile.write(tmp_path / "1.wav", spoken(1.0, 9), SAMPLE_RATE)
    os.utime(tmp_path / "1.wav", ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))
    after = babble(tmp_path / "cache")
    assert not np.array_equal(after, before)
    assert np.array_equal(after, babble(None))


HEARD = {
    "white": (0.166, 0.033, -0.030),
    "pink": (-0.089, -0.078, -0.050),
    "brown": (0.004, 0.063, 0.090),
    "blue": (0.069, 0.114, -0.181),
    "hum": (0.150, -0.167, 0.188),
    "street": (0.089, -0.168, -0.015),
    "machine": (-0.136, -0.052, 0.058),
}
"""A few samples of the first texture of each kind."""


@pytest.mark.parametrize("kind", textures.KINDS)
def test_who_changes_a_texture_raises_its_version(kind: str) -> None:
    assert textures.VERSION == 1
    heard = textures.texture(kind, 0)[[1_000, 200_000, 400_000]]
    np.testing.assert_allclose(heard, HEARD[kind], atol=0.01)
