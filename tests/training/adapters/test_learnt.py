"""What an adapter learnt from goes with it, and is known when it is measured."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from training.adapters import AdapterError, AdapterLibrary
from training.adapters.from_run import adapter_of, learnt_by, learnt_of
from training.adapters.learnt import Learnt, read_learnt, write_learnt
from training.adapters.merge import merge
from training.data import Example, write_examples
from training.data.example import HELD_OUT, TRAIN
from training.finetune.config import AdapterConfig, ModelConfig, RunConfig
from training.finetune.run import Run, RunState

CLIPS = Learnt(frozenset({"aa" * 8, "bb" * 8}), in_full=True)


def test_it_goes_into_the_library_and_the_lineage_speaks_of_it(library, adapter, lineage):
    added = library.add("clinic", adapter, lineage, learnt=CLIPS)
    assert (added.path / "learnt.txt").read_text() == f"{'aa' * 8}\n{'bb' * 8}\n"
    assert added.lineage.learnt_sha256 == CLIPS.sha256
    assert read_learnt(added.path) == learnt_of(added.path) == CLIPS
    added.verify()
    # As a folder it brings along what it learnt from, too.
    again = library.add("ward", added.path, added.lineage)
    assert read_learnt(again.path) == CLIPS


def test_an_adapter_need_not_tell(library, adapter, lineage):
    added = library.add("clinic", adapter, lineage)
    assert added.lineage.learnt_sha256 is None
    assert read_learnt(added.path) is None


def test_a_merged_model_still_tells(library, layout, adapter, lineage, tmp_path):
    from engine.checkpoint import BaseLayout, locate

    added = library.add("clinic", adapter, lineage, learnt=CLIPS)
    merged = merge(locate(layout), added.path, tmp_path / "merged", BaseLayout.ORIGINAL)
    assert read_learnt(merged.path) == CLIPS


@pytest.mark.parametrize(
    "content",
    [b"aaaa\n", b"aa" * 8, b"AA" * 8 + b"\n", b"\xff\n", b"\n", b"cc" * 8 + b"\n", None],
)
def test_a_list_that_is_damaged_or_another_is_refused(library, adapter, lineage, content):
    added = library.add("clinic", adapter, lineage, learnt=CLIPS)
    path = added.path / "learnt.txt"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AdapterError, match=r"learnt\.txt"):
        read_learnt(added.path)
    with pytest.raises(AdapterError, match=r"learnt\.txt"):
        library.add("ward", added.path, added.lineage)
    assert library.versions("ward") == []


def test_a_list_that_no_lineage_speaks_of_is_refused(library, adapter, lineage):
    """In the library somebody has put it there; a folder without a lineage may bring one."""
    write_learnt(CLIPS, adapter)
    assert read_learnt(adapter) == replace(CLIPS, in_full=False)
    added = library.add("clinic", adapter, lineage)
    lineage_file = added.path / "lineage.json"
    content = json.loads(lineage_file.read_text())
    lineage_file.write_text(json.dumps(content | {"learnt_sha256": None}))
    with pytest.raises(AdapterError, match="speaks of another one"):
        read_learnt(added.path)


def _clip(number: int, split: str) -> Example:
    return Example(
        audio=Path(f"{number}.wav"),
        text="words",
        language="English",
        sha256=f"{number:064x}"[::-1],
        split=split,
    )


def _id(number: int) -> str:
    return _clip(number, TRAIN).sha256[:16]


def _run(folder: Path, layout: Path, start_from: Path | None = None) -> Run:
    """Clips 1 and 2 to learn from, 3 held out; copies 4 of the first and 5 of the last."""
    config = RunConfig(
        model=ModelConfig(path=str(layout)),
        adapter=AdapterConfig(start_from=str(start_from) if start_from else ""),
        stages=("sft1",),
    )
    run = Run.create(folder, config)
    shutil.copytree(layout / "mega-asr-merged", run.adapter("sft1"))
    run.save_state(RunState(stage="sft1", finished=("sft1",)))
    write_examples(run.data_file, [_clip(1, TRAIN), _clip(2, TRAIN), _clip(3, HELD_OUT)])
    run.copies.mkdir()
    rows = [{"key": str(clip.audio), **clip.to_row()} for clip in
            (_clip(4, TRAIN), _clip(5, HELD_OUT))]  # fmt: skip
    run.copies_file.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"key": "cut o')
    return run


def test_a_run_tells_what_it_learnt_from(layout: Path, library: AdapterLibrary, tmp_path: Path):
    run = _run(tmp_path / "run", layout)
    expected = Learnt(frozenset(map(_id, (1, 2, 4))), in_full=True)
    assert learnt_by(run) == expected
    folder, lineage = adapter_of(run)
    assert learnt_of(folder) == expected  # before it is in any library
    added = library.add("clinic", folder, lineage, learnt=learnt_of(folder))
    assert read_learnt(added.path) == expected


def test_what_came_before_is_told_as_well(
    layout: Path, library: AdapterLibrary, adapter: Path, lineage, tmp_path: Path
) -> None:
    told = library.add("told", adapter, lineage, learnt=CLIPS)
    found = learnt_by(_run(tmp_path / "second", layout, told.path))
    assert found == Learnt(CLIPS.clips | set(map(_id, (1, 2, 4))), in_full=True)

    silent = library.add("silent", adapter, lineage)
    found = learnt_by(_run(tmp_path / "third", layout, silent.path))
    assert found == Learnt(frozenset(map(_id, (1, 2, 4))), in_full=False)

    first = _run(tmp_path / "first", layout)
    write_examples(first.data_file, [_clip(7, TRAIN)])
    found = learnt_by(_run(tmp_path / "fourth", layout, first.adapter("sft1")))
    assert found == Learnt(frozenset(map(_id, (1, 2, 4, 7))), in_full=True)


def test_a_run_that_has_not_looked_at_its_data_knows_nothing(layout: Path, tmp_path: Path) -> None:
    run = _run(tmp_path / "run", layout)
    run.data_file.unlink()
    assert learnt_by(run) is None
    assert learnt_of(run.adapter("sft1")) is None
    assert learnt_of(tmp_path) is None
