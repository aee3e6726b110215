"""Audio of a shard in files and tables, and back."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import AudioError, StorageError
from tests.training.simulate.speech import spoken
from training.simulate.effect import SAMPLE_RATE
from training.simulate.manifest import SimulatedClip
from training.simulate.outputs import OUTPUTS, encoded, read_audio
from training.simulate.plan import Plan
from training.simulate.scenarios import CLEAN

WAVES = [spoken(0.3, seed) for seed in range(5)]


def _clip(index: int, audio: str) -> SimulatedClip:
    return SimulatedClip(
        index=index, audio=audio, duration_s=0.3, source=f"{index}.wav", text=f"word {index}",
        language="en", plan=Plan(CLEAN, 0.0, ()), sampling="linear", seed=1, attempt=0,
        measured=(), gain_db=0.0, version="0", bank="0",
    )  # fmt: skip


def _write(folder: Path, form: str, shard: int = 2) -> list[str]:
    places = []
    with OUTPUTS[form](folder, shard) as output:
        for index, wave in enumerate(WAVES):
            places.append(output.place(index))
            output.write(_clip(index, places[-1]), wave)
    return places


@pytest.mark.parametrize("form", OUTPUTS)
def test_what_is_written_is_read_again_in_16_bits(form: str, tmp_path: Path) -> None:
    places = _write(tmp_path, form)
    assert len(set(places)) == len(WAVES)
    for place, wave in zip(places, WAVES, strict=True):
        read = read_audio(tmp_path, place)
        assert np.array_equal(read, np.rint(wave * 32768) / np.float32(32768))


@pytest.mark.parametrize("form", OUTPUTS)
def test_a_shard_appears_whole_or_not_at_all(form: str, tmp_path: Path) -> None:
    def broken() -> None:
        with OUTPUTS[form](tmp_path, 2) as output:
            output.write(_clip(0, output.place(0)), WAVES[0])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert list((tmp_path / "clips").iterdir()) == []


@pytest.mark.parametrize("form", OUTPUTS)
def test_what_was_left_uncommitted_gives_way(form: str, tmp_path: Path) -> None:
    _write(tmp_path, form)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    if form != "parquet":
        (tmp_path / "clips" / "00002" / "stray").touch()
    _write(tmp_path, form)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_full_scale_does_not_wrap(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(encoded(np.array([1.0, -1.0], np.float32), "wav"))
    samples, rate = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert (samples.tolist(), rate) == ([32767, -32768], SAMPLE_RATE)


def test_tables_are_what_data_sets_look_like(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra 'scale'")
    _write(tmp_path, "parquet")
    rows = parquet.read_table(tmp_path / "clips" / "00002.parquet").to_pylist()
    assert [row["text"] for row in rows] == [f"word {index}" for index in range(5)]
    assert rows[3]["audio"]["path"] == "00000003.flac"
    assert rows[3]["audio"]["bytes"].startswith(b"fLaC")
    assert '"index": 3' in rows[3]["manifest"]


@pytest.mark.parametrize("place", ["clips/00002.parquet#9", "clips/absent.parquet#0"])
def test_an_absent_row_is_a_typed_error(place: str, tmp_path: Path) -> None:
    _write(tmp_path, "parquet")
    with pytest.raises(StorageError):
        read_audio(tmp_path, place)


def test_an_absent_file_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        read_audio(tmp_path, "clips/00002/00000000.flac")
