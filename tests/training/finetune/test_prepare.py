"""The clips of a run are settled once; what the base model hears in them is heard once."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.recognizer import Clip, Hypothesis
from training.data.problems import ProblemKind, read_problems
from training.finetune.config import RunConfig
from training.finetune.context import Context
from training.finetune.errors import DataError, RunError
from training.finetune.events import DataPrepared, WerMeasured
from training.finetune.interrupt import InterruptedStage
from training.finetune.prepare import Clips, prepared, with_wer
from training.finetune.run import Command, Run


@pytest.fixture
def run(config: RunConfig, tmp_path: Path) -> Run:
    data = replace(config.data, held_out_share=0.5)
    return Run.create(tmp_path / "run", replace(config, data=data))


class Deaf:
    """Hears "yes" in everything, and counts."""

    def __init__(self) -> None:
        self.heard = 0

    def transcribe(self, clips: Sequence[Clip]) -> list[Hypothesis]:
        self.heard += len(clips)
        assert all(clip.gate == 0.0 for clip in clips)
        return [Hypothesis("yes", "English", 1.0, "yes", (), truncated=False) for _ in clips]


def test_data_is_read_once_and_sealed(run: Run) -> None:
    context = Context(run, "sft1")
    clips = prepared(run, context)
    assert (len(clips.train), len(clips.held_out)) == (4, 2)
    assert not {e.speaker for e in clips.train} & {e.speaker for e in clips.held_out}
    assert prepared(run, context) == clips
    assert sum(isinstance(event, DataPrepared) for event in run.events()) == 1
    run.data_file.write_text(run.data_file.read_text(encoding="utf-8")[:-1], encoding="utf-8")
    with pytest.raises(RunError, match="not what it was"):
        prepared(run, context)


def test_a_run_stays_with_the_base_it_began_with(run: Run) -> None:
    prepared(run, Context(run, "sft1"))
    state = run.state()
    assert len(state.base_sha256) == 64
    run.save_state(replace(state, base_sha256="00" * 32))
    with pytest.raises(RunError, match="not the one that the run began with"):
        prepared(run, Context(run, "sft1"))


def test_nothing_to_learn_from_says_what_is_wrong_with_the_first_clip(run: Run) -> None:
    path = run.folder / "broken.jsonl"
    path.write_text(json.dumps({"audio": "no.wav", "text": "Hi", "language": "en"}), "utf-8")
    data = replace(run.config.data, paths=(str(path),))
    other = Run.create(run.folder.with_name("other"), replace(run.config, data=data))
    with pytest.raises(DataError, match=r"no\.wav"):
        prepared(other, Context(other, "sft1"))


def test_known_wers_are_kept_and_others_are_measured_once(run: Run) -> None:
    context = Context(run, "sft1")
    clips = prepared(run, context)
    unknown = Clips(tuple(replace(e, wer=None) for e in clips.train[1:]), ())
    mixed = Clips((clips.train[0], *unknown.train), ())
    deaf = Deaf()
    measured = with_wer(run, context, mixed, deaf)
    assert measured.train[0].wer == clips.train[0].wer
    expected = {"yes": 0.0, "no": 1.0, "turn left here": 1.0, "we meet at nine": 1.0}
    for clip in measured.train[1:]:
        assert clip.wer == expected.get(clip.text, 1.0)
    assert deaf.heard == len(unknown.train)
    assert with_wer(run, context, mixed, deaf) == measured
    assert deaf.heard == len(unknown.train)
    lines = run.wer_file(0).read_text(encoding="utf-8")
    run.wer_file(0).write_text(lines.replace('"yes"', '"yes\u2028\x85"'), encoding="utf-8")
    assert with_wer(run, context, mixed, deaf) == measured  # these are no ends of lines
    assert WerMeasured(len(unknown.train), len(unknown.train)) in run.events()


def test_what_is_left_out_is_listed_in_the_run(run: Run) -> None:
    row = {"audio": "no.wav", "text": "Hi", "language": "en"}
    more = run.folder / "more.jsonl"
    more.write_text(json.dumps(row), encoding="utf-8")
    data = replace(run.config.data, paths=(*run.config.data.paths, str(more)))
    other = Run.create(run.folder.with_name("other"), replace(run.config, data=data))
    prepared(other, Context(other, "sft1"))
    (problem,) = read_problems(other.problems_file)
    assert (problem.kind, problem.where) == (ProblemKind.MISSING, f"{more}, line 1")


def test_a_run_that_could_not_be_judged_is_not_begun(run: Run) -> None:
    """The share that it names is one that does."""
    config = replace(
        run.config,
        stages=("sft3", "router"),
        data=replace(run.config.data, held_out_share=0.0),
    )
    alone = Run.create(run.folder.with_name("alone"), config)
    with pytest.raises(
        DataError, match="is held out, and the stages of this run need some"
    ) as refused:
        prepared(alone, Context(alone, "sft3"))
    assert not alone.data_file.exists()
    low, high = map(float, re.findall(r"(?:above|below) (0\.\d+)", refused.value.remedy))
    assert low < high
    data = replace(config.data, held_out_share=(low + high) / 2)
    both = Run.create(run.folder.with_name("both"), replace(config, data=data))
    clips = prepared(both, Context(both, "sft3"))
    assert clips.train
    assert clips.held_out


def test_one_speaker_cannot_be_on_both_sides(run: Run) -> None:
    path = run.folder / "one.jsonl"
    rows = Path(run.config.data.paths[0]).read_text(encoding="utf-8").splitlines()
    only = [json.loads(row) | {"speaker": "anna"} for row in rows]
    there = Path(run.config.data.paths[0]).parent
    path.write_text("\n".join(
        json.dumps(row | {"audio": str(there / row["audio"])}) for row in only
    ), encoding="utf-8")  # fmt: skip
    data = replace(run.config.data, paths=(str(path),))
    config = replace(run.config, stages=("sft3", "evaluate"), data=data)
    other = Run.create(run.folder.with_name("other"), config)
    with pytest.raises(DataError) as refused:
        prepared(other, Context(other, "sft3"))
    assert "All clips are of one speaker" in refused.value.remedy


def test_a_pause_is_obeyed_while_the_base_model_hears(run: Run) -> None:
    context = Context(run, "sft1")
    clips = prepared(run, context)
    unknown = replace(clips, train=tuple(replace(e, wer=None) for e in clips.train))
    run.request(Command.PAUSE)
    deaf = Deaf()
    with pytest.raises(InterruptedStage):
        with_wer(run, context, unknown, deaf)
    assert deaf.heard == 0
    run.request(Command.GO_ON)
    with_wer(run, context, unknown, deaf)
    assert deaf.heard == len(unknown.train)
    run.request(Command.STOP)  # nothing to hear: the steps obey, and keep what they learnt
    assert all(clip.wer is not None for clip in with_wer(run, context, unknown, deaf).train)


def test_a_pause_is_obeyed_while_clips_are_opened(run: Run) -> None:
    run.request(Command.PAUSE)
    with pytest.raises(InterruptedStage):
        prepared(run, Context(run, "sft1"))
    assert not run.data_file.exists()
