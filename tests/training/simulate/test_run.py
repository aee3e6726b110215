"""Sets of clips: the same from whoever makes them, resumed after anything, and well described."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from engine.errors import CancelledError, UsageError
from tests.training.simulate.speech import spoken
from training.simulate.effect import SAMPLE_RATE
from training.simulate.errors import SetMismatchError, SourceError
from training.simulate.finish import Report
from training.simulate.manifest import read_manifest, remake
from training.simulate.mix import Mix
from training.simulate.outputs import read_audio
from training.simulate.run import prepare, simulate
from training.simulate.scenarios import scenario
from training.simulate.settings import read_settings
from training.simulate.shards import materials_of

COUNT, SHARD = 14, 3
MIX = Mix(scenarios=tuple(map(scenario, ("noise", "far_field", "noise+dropout"))), clean_share=0.1)


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    folder = tmp_path / "clean"
    folder.mkdir()
    for index in range(5):
        soundfile.write(folder / f"{index}.wav", spoken(0.3 + index / 10, index), SAMPLE_RATE)
        (folder / f"{index}.txt").write_text(f"word {index}")
    return folder


def _make(clean: Path, rooms: Path, out: Path, form: str = "flac", **how: object) -> Report:
    settings, sources = prepare(
        clean, rooms, count=COUNT, seed=3, mix=MIX, format=form, shard_clips=SHARD
    )
    return simulate(out, settings, sources, **how)  # type: ignore[arg-type]


def _files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.mark.parametrize("form", ["wav", "parquet"])
def test_the_result_does_not_depend_on_the_number_of_workers(
    form: str, clean: Path, rooms: Path, tmp_path: Path
) -> None:
    _make(clean, rooms, tmp_path / "one", form, records=("sft", "bench", "simulation"))
    _make(clean, rooms, tmp_path / "two", form, workers=2, records=("sft", "bench", "simulation"))
    assert _files(tmp_path / "one") == _files(tmp_path / "two")


def test_a_set_is_whole_in_order_and_remade_from_its_lines(
    clean: Path, rooms: Path, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    out = tmp_path / "set"
    report = _make(
        clean, rooms, out, on_progress=lambda done, total: seen.append((done, total)),
        records=("sft",),
    )  # fmt: skip
    clips = list(read_manifest(report.manifest))
    assert [clip.index for clip in clips] == list(range(COUNT))
    assert (report.clips, report.dropped, report.problems) == (COUNT, 0, ())
    assert seen == [(done, COUNT) for done in (0, 3, 6, 9, 12, 14)]
    assert len((out / "sft.jsonl").read_text().splitlines()) == COUNT
    materials = materials_of(read_settings(out))
    for clip in clips:
        made = remake(clip, clean, materials)
        stored = read_audio(out, clip.audio)
        assert np.array_equal(stored, np.clip(np.rint(made.wave * 32768), -32768, 32767) / 32768)
        assert clip.duration_s == len(stored) / SAMPLE_RATE
        assert clip.text == f"word {Path(clip.source).stem}"


def test_a_longer_set_begins_with_the_same_clips(clean: Path, rooms: Path, tmp_path: Path) -> None:
    _make(clean, rooms, tmp_path / "short")
    settings, sources = prepare(clean, rooms, count=20, seed=3, mix=MIX, shard_clips=5)
    simulate(tmp_path / "long", settings, sources)
    short = list(read_manifest(tmp_path / "short" / "manifest.jsonl"))
    long = list(read_manifest(tmp_path / "long" / "manifest.jsonl"))
    assert [clip.plan for clip in long[:COUNT]] == [clip.plan for clip in short]


def test_damaged_sources_are_reported_once_and_replaced(
    clean: Path, rooms: Path, tmp_path: Path
) -> None:
    (clean / "2.wav").write_bytes(b"RIFF nonsense")
    soundfile.write(clean / "short.wav", np.zeros(10), SAMPLE_RATE)
    report = _make(clean, rooms, tmp_path / "set")
    clips = list(read_manifest(report.manifest))
    assert len(clips) == COUNT
    assert {clip.source for clip in clips} <= {"0.wav", "1.wav", "3.wav", "4.wav"}
    assert any(clip.attempt for clip in clips)
    assert sorted(problem.where for problem in report.problems) == ["2.wav", "short.wav"]
    lines = (tmp_path / "set" / "problems.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["where"] for line in lines) == ["2.wav", "short.wav"]


def test_a_damaged_noise_is_reported_and_avoided(clean: Path, rooms: Path, tmp_path: Path) -> None:
    noise = tmp_path / "noise"
    noise.mkdir()
    soundfile.write(noise / "good.wav", spoken(0.5, 9), SAMPLE_RATE)
    (noise / "bad.wav").write_bytes(b"RIFF nonsense")
    settings, sources = prepare(
        clean, rooms, count=40, mix=Mix(scenarios=(scenario("noise"),)), noise=noise
    )
    report = simulate(tmp_path / "set", settings, sources)
    assert report.clips == 40
    assert len(report.problems) == 1
    assert "bad.wav" in report.problems[0].what


def test_without_any_usable_source_there_is_a_typed_error(rooms: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    clean.mkdir()
    (clean / "bad.wav").write_bytes(b"RIFF nonsense")
    with pytest.raises(SourceError, match="No clean clip"):
        _make(clean, rooms, tmp_path / "set")


def test_cancelled_work_goes_on_where_it_stopped(clean: Path, rooms: Path, tmp_path: Path) -> None:
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    cancel = threading.Event()

    def stop(done: int, total: int) -> None:
        if done >= 6:
            cancel.set()

    with pytest.raises(CancelledError):
        _make(clean, rooms, halved, on_progress=stop, cancel=cancel)
    assert not (halved / "manifest.jsonl").exists()
    resumed: list[int] = []
    _make(clean, rooms, halved, on_progress=lambda done, total: resumed.append(done))
    assert resumed[0] == 6
    _make(clean, rooms, whole)
    assert _files(halved) == _files(whole)


KILLED = """
import sys
from pathlib import Path
from tests.training.simulate.test_run import _make

def tell(done, total):
    print(done, flush=True)

if __name__ == "__main__":
    clean, rooms, out = map(Path, sys.argv[1:4])
    _make(clean, rooms, out, workers=int(sys.argv[4]), on_progress=tell)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_work_goes_on_without_repeating_or_losing_a_clip(
    workers: int, clean: Path, rooms: Path, tmp_path: Path, repository: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    _make(clean, rooms, whole)
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    child = subprocess.Popen(
        [sys.executable, str(script), str(clean), str(rooms), str(killed), str(workers)],
        env=os.environ | {"PYTHONPATH": str(repository)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    with child.stdout:
        for said in child.stdout:
            if int(said) >= SHARD:
                break
        family = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)]
        family[0].kill()
    assert child.wait() == (-signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
    before = {path: path.stat().st_mtime_ns for path in (killed / "shards").glob("*.jsonl")}
    assert before
    report = _make(clean, rooms, killed)
    assert [clip.index for clip in read_manifest(report.manifest)] == list(range(COUNT))
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert _files(killed) == _files(whole)


def test_a_folder_takes_no_second_set(clean: Path, rooms: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    _make(clean, rooms, out)
    before = _files(out)
    settings, sources = prepare(clean, rooms, count=COUNT, seed=4, mix=MIX, shard_clips=SHARD)
    with pytest.raises(SetMismatchError, match="another seed"):
        simulate(out, settings, sources)
    soundfile.write(clean / "6.wav", spoken(0.4), SAMPLE_RATE)
    with pytest.raises(SetMismatchError, match="other clean clips"):
        _make(clean, rooms, out)
    assert _files(out) == before


def test_moved_clean_clips_are_the_same_set(clean: Path, rooms: Path, tmp_path: Path) -> None:
    _make(clean, rooms, tmp_path / "set")
    moved = clean.rename(tmp_path / "moved")
    assert _make(moved, rooms, tmp_path / "set").clips == COUNT


def test_a_folder_with_other_things_is_left_alone(clean: Path, rooms: Path, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "diary.txt").touch()
    with pytest.raises(SetMismatchError, match="no set"):
        _make(clean, rooms, tmp_path / "set")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "set.json").write_text("{}")
    with pytest.raises(SetMismatchError):
        _make(clean, rooms, tmp_path / "broken")


@pytest.mark.parametrize("wrong", [{"count": 0}, {"seed": -1}, {"format": "mp3"}], ids=str)
def test_settings_that_make_no_sense_are_refused(
    wrong: dict[str, object], clean: Path, rooms: Path
) -> None:
    with pytest.raises(UsageError):
        prepare(clean, rooms, **({"count": 1} | wrong))  # type: ignore[arg-type]
