from pathlib import Path

import numpy as np
import pytest
import soundfile

from training.simulate import textures
from training.simulate.effect import SAMPLE_RATE
from training.simulate.errors import MaterialError
from training.simulate.materials import FileMaterials
from training.simulate.rooms import RoomBank


def ramp(samples: int) -> np.ndarray:
    return np.linspace(-0.5, 0.5, samples)


def written(path: Path, samples: np.ndarray, rate: int = SAMPLE_RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype="PCM_16")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path / "b" / "stall.wav", ramp(SAMPLE_RATE))
    written(tmp_path / "a.flac", ramp(8_000), 8_000)
    (tmp_path / "notes.txt").write_text("not a sound")
    return tmp_path


def test_names_are_the_same_wherever_the_folder_lies(bank: RoomBank, folder: Path) -> None:
    materials = FileMaterials(bank, noise=folder)
    assert materials.sounds("noise") == ("noise:a.flac", "noise:b/stall.wav")
    assert materials.sounds("street")[3] == "street/3"
    assert len(materials.sounds("street")) == textures.NUMBERS
    assert materials.sounds("babble") == materials.sounds("whale") == ()
    assert materials.rooms == bank.rooms
    assert materials.response(2) is bank.response(2)


def test_a_sound_goes_round(bank: RoomBank, folder: Path) -> None:
    materials = FileMaterials(bank, noise=folder)
    heard = materials.sound("noise:b/stall.wav", 1.75, 3 * SAMPLE_RATE)
    whole = ramp(SAMPLE_RATE)
    np.testing.assert_allclose(heard, np.roll(np.tile(whole, 3), SAMPLE_RATE // 4), atol=1e-4)
    assert heard.dtype == np.float32
    assert len(materials.sound("noise:a.flac", 0.0, 12_345)) == 12_345


def test_parts_of_long_files_are_the_same_as_of_the_whole(bank: RoomBank, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    written(tmp_path / "long.wav", rng.uniform(-0.5, 0.5, 70 * SAMPLE_RATE))
    whole, _ = soundfile.read(tmp_path / "long.wav", dtype="float32")
    materials = FileMaterials(bank, noise=tmp_path)
    for start_s in (3.0, 69.5, 140.0 + 69.5):
        heard = materials.sound("noise:long.wav", start_s, SAMPLE_RATE)
        expected = np.roll(whole, -round(start_s * SAMPLE_RATE))[:SAMPLE_RATE]
        np.testing.assert_array_equal(heard, expected)


def test_textures_are_what_they_are(bank: RoomBank) -> None:
    materials = FileMaterials(bank)
    heard = materials.sound("machine/5", 31.0, SAMPLE_RATE)
    made = textures.texture("machine", 5)[SAMPLE_RATE : 2 * SAMPLE_RATE]
    np.testing.assert_allclose(heard, made, rtol=1e-3, atol=1e-6)


def test_babble_is_made_of_the_speech(bank: RoomBank, tmp_path: Path) -> None:
    times_s = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    for hz in (200, 400, 800, 1_600):
        written(tmp_path / f"anna/{hz}.wav", 0.3 * np.sin(2 * np.pi * hz * times_s))
    materials = FileMaterials(bank, speech_root=tmp_path)
    assert len(materials.sounds("speech")) == 4
    heard = materials.sound("babble/1", 0.0, 30 * SAMPLE_RATE)
    assert np.array_equal(
        heard, FileMaterials(bank, speech_root=tmp_path).sound("babble/1", 0.0, 30 * SAMPLE_RATE)
    )
    power = np.abs(np.fft.rfft(heard)) ** 2
    tones = [power[hz * 30 - 60 : hz * 30 + 61].sum() for hz in (200, 400, 800, 1_600)]
    assert sum(tones) > 0.95 * power.sum()
    assert min(tones) > 0.0
    two = FileMaterials(bank, speech_root=tmp_path, speech=["anna/200.wav", "anna/400.wav"])
    assert two.sounds("babble") == ()


def test_what_is_missing_or_damaged_is_named(bank: RoomBank, folder: Path) -> None:
    (folder / "broken.wav").write_bytes(b"RIFF, or so")
    materials = FileMaterials(bank, noise=folder)
    (folder / "a.flac").unlink()
    for name, told in (
        ("noise:a.flac", "a.flac"),
        ("noise:broken.wav", "broken.wav"),
        ("noise:other.wav", "no sound noise:other.wav"),
        ("speech:a.flac", "no sound"),
        ("street/99", "no sound street/99"),
        ("whale/1", "no sound whale/1"),
    ):
        with pytest.raises(MaterialError, match=told):
            materials.sound(name, 0.0, 100)


def test_broken_speech_is_named_when_babble_needs_it(bank: RoomBank, tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.wav").write_bytes(b"nothing")
    with pytest.raises(MaterialError, match=r"speech file [abc].wav"):
        FileMaterials(bank, speech_root=tmp_path).sound("babble/0", 0.0, 100)


def test_a_folder_without_sounds_is_refused(bank: RoomBank, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(MaterialError, match="no folder with sound files"):
            FileMaterials(bank, noise=folder)


def test_no_two_editions_have_a_sound_in_common(folder: Path, tmp_path: Path) -> None:
    shelf = RoomBank.made(0, (2, 1))
    editions = [
        FileMaterials(shelf, speech_root=folder, speech=["a.flac"] * 3, edition=n) for n in (0, 1)
    ]
    for kind in (*textures.KINDS, "babble"):
        first, second = (set(materials.sounds(kind)) for materials in editions)
        assert len(first) == len(second) == textures.NUMBERS
        assert not first & second
    heard = [one.sound(one.sounds("street")[0], 0.0, SAMPLE_RATE) for one in editions]
    assert not np.allclose(*heard)
