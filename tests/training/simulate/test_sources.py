"""Clean clips: found, dealt out, opened."""

import json
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import AudioError, UsageError
from tests.training.simulate.speech import spoken
from training.simulate.effect import SAMPLE_RATE
from training.simulate.errors import SourceError
from training.simulate.sources import (
    Source,
    babblers,
    find_sources,
    open_source,
    order,
    read_sources,
    write_sources,
)


def _wav(path: Path, duration_s: float = 0.3, rate: int = SAMPLE_RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.resize(spoken(1.0), round(duration_s * rate))
    soundfile.write(path, samples, rate)
    return path


def test_a_folder_with_and_without_words(tmp_path: Path) -> None:
    for name in ("b/2.wav", "b/1.flac", "a.WAV", ".hidden.wav"):
        _wav(tmp_path / name)
    (tmp_path / "b" / "2.txt").write_text("\ufeffhello\n  world\n", encoding="utf-8")
    (tmp_path / "notes.md").write_text("nothing")
    found = find_sources(tmp_path, "Chinese")
    assert found.root == tmp_path
    assert found.clips == (
        Source("a.WAV", None, "zh"),
        Source("b/1.flac", None, "zh", "b"),
        Source("b/2.wav", "hello world", "zh", "b"),
    )


def test_words_that_are_no_text_are_a_problem(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav")
    _wav(tmp_path / "b.wav")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    found = find_sources(tmp_path)
    assert [one.audio for one in found.clips] == ["b.wav"]
    assert "a.txt" in found.problems[0].where


def test_records_for_fine_tuning_and_evaluation_and_the_projects_own(tmp_path: Path) -> None:
    far = _wav(tmp_path / "far" / "c.wav")
    folder = tmp_path / "set"
    folder.mkdir()
    records = [
        {"audio": "a.wav", "text": "language Chinese<asr_text>你好", "prompt": ""},
        {"audio": "b.wav", "answer": "hello"},
        {"audio": str(far), "text": "words", "language": "de", "scenario": "noise"},
        {"text": "no audio"},
    ]
    manifest = folder / "m.jsonl"
    lines = [*map(json.dumps, records), "", "nonsense"]
    manifest.write_text("\n".join(lines), encoding="utf-8")
    found = find_sources(manifest)
    assert found.root == folder
    assert found.clips == (
        Source("a.wav", "你好", "zh"),
        Source("b.wav", "hello", "en"),
        Source(far.as_posix(), "words", "de"),
    )
    assert [problem.where[-6:] for problem in found.problems] == ["line 4", "line 6"]


@pytest.mark.parametrize("name", ["", "absent", "absent.jsonl"])
def test_nothing_to_work_on_is_a_typed_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        find_sources(tmp_path / name)


def test_an_unknown_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        find_sources(tmp_path, "klingon")


def test_every_source_is_used_before_any_is_used_twice() -> None:
    first = [next(order(5, index, 7)) for index in range(21)]
    assert set(Counter(first).values()) == {3}
    for lap in range(3):
        assert sorted(first[7 * lap : 7 * lap + 7]) == list(range(7))
    assert first[:7] != first[7:14]
    assert first == [next(order(5, index, 7)) for index in range(21)]


def test_whatever_comes_next_is_another_source() -> None:
    assert sorted(order(1, 12, 7)) == list(range(7))
    assert next(islice(order(1, 3, 7), 1, None)) == next(order(1, 4, 7))


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_any_rate_is_opened(rate: int, tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav", 0.5, rate)
    wave = open_source(tmp_path, Source("a.wav", None, "en"))
    assert wave.dtype == np.float32
    assert len(wave) == pytest.approx(0.5 * SAMPLE_RATE, abs=2)


def test_too_short_and_too_long_are_refused(tmp_path: Path) -> None:
    _wav(tmp_path / "short.wav", 0.05)
    soundfile.write(tmp_path / "long.flac", np.zeros(1000 * 3601, np.int16), 1000)
    for name in ("short.wav", "long.flac"):
        with pytest.raises(SourceError, match=name):
            open_source(tmp_path, Source(name, None, "en"))


def test_a_source_of_nan_is_a_typed_error_and_a_little_of_it_is_silence(tmp_path: Path) -> None:
    wave = spoken(0.5)
    wave[100:200] = np.nan
    soundfile.write(tmp_path / "some.wav", wave, SAMPLE_RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "all.wav", np.full(8000, np.nan), SAMPLE_RATE, subtype="FLOAT")
    assert np.isfinite(open_source(tmp_path, Source("some.wav", None, "en"))).all()
    with pytest.raises(AudioError):
        open_source(tmp_path, Source("all.wav", None, "en"))


def test_babble_is_made_of_what_can_be_heard(tmp_path: Path) -> None:
    for index in range(10):
        _wav(tmp_path / f"{index}.wav")
    (tmp_path / "3.wav").write_bytes(b"RIFF nonsense")
    found = find_sources(tmp_path)
    assert babblers(found) == tuple(f"{index}.wav" for index in range(10) if index != 3)
    assert len(babblers(found, most=5)) == 5


def test_the_list_is_kept_and_has_a_digest(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav")
    (tmp_path / "a.txt").write_text("你好", encoding="utf-8")
    found = find_sources(tmp_path)
    write_sources(tmp_path / "list.jsonl", found.clips)
    assert read_sources(tmp_path / "list.jsonl") == found.clips
    (tmp_path / "a.txt").write_text("other words")
    assert find_sources(tmp_path).sha256 != found.sha256
