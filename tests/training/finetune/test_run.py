"""The folder of a run: what is on the disk at any moment is enough."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from training.finetune.config import ModelConfig, RunConfig
from training.finetune.errors import RunError
from training.finetune.events import (
    CheckpointSaved,
    Event,
    RunFinished,
    SampleHeard,
    StageStarted,
    StepDone,
    from_line,
    to_line,
)
from training.finetune.run import Command, Run, RunState, Status, absolute


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", RunConfig())


def step(number: int, loss: float = 1.0) -> StepDone:
    return StepDone("sft1", number, 9, loss, 1e-3, 0.5, 3.0, 40, 0.1)


def checkpoint(run: Run, stage: str, number: int) -> Path:
    path = run.checkpoints(stage) / f"step-{number}"
    path.mkdir(parents=True)
    return path


def test_a_second_run_in_the_same_folder_is_refused(run: Run) -> None:
    with pytest.raises(RunError):
        Run.create(run.folder, RunConfig(seed=1))
    assert Run(run.folder).config.seed == 0


def test_the_state_is_what_was_saved_last(run: Run) -> None:
    assert run.state() == RunState()
    state = RunState(Status.PAUSED, "sft2", ("sft1",), halvings=1, data_sha256="ab")
    run.save_state(state)
    assert Run(run.folder).state() == state


def test_a_damaged_state_is_told(run: Run) -> None:
    (run.folder / "state.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match="damaged"):
        run.state()


def test_a_wish_reaches_another_process(run: Run) -> None:
    assert run.command() is Command.GO_ON
    Run(run.folder).request(Command.PAUSE)
    assert run.command() is Command.PAUSE


@pytest.mark.parametrize(
    "event", [step(3), CheckpointSaved("sft1", 3), RunFinished(), StageStarted("sft1", 0, 9)]
)
def test_events_survive_their_line(event: Event) -> None:
    assert from_line(to_line(event, 0.0)) == event


def test_a_number_that_is_none_stays_none() -> None:
    again = from_line(to_line(step(1, math.nan), 0.0))
    assert isinstance(again, StepDone)
    assert math.isnan(again.loss)


@pytest.mark.parametrize("line", ["", "{", "[]", '{"event": "of tomorrow"}', '{"event": "step"}'])
def test_a_line_that_is_not_understood_is_no_event(line: str) -> None:
    assert from_line(line) is None


def test_steps_that_a_crash_undid_are_not_told_twice(run: Run) -> None:
    went = [StageStarted("sft1", 0, 9), step(1), step(2), step(3), StageStarted("sft1", 2, 9)]
    for event in [*went, step(3, 0.5)]:
        run.record(event)
    steps = [event for event in run.events() if isinstance(event, StepDone)]
    assert [(e.step, e.loss) for e in steps] == [(1, 1.0), (2, 1.0), (3, 0.5)]


def test_samples_that_a_crash_undid_are_not_told_twice(run: Run) -> None:
    def heard(step: int, words: str) -> SampleHeard:
        return SampleHeard("sft1", step, "id", "yes", words, 1.0)

    went = [StageStarted("sft1", 0, 9), heard(0, "early"), StageStarted("sft1", 0, 9)]
    went += [heard(0, "zero"), heard(2, "two"), heard(3, "undone"), StageStarted("sft1", 2, 9)]
    for event in [*went, heard(3, "three")]:
        run.record(event)
    assert [sample.hypothesis for sample in run.samples()] == ["zero", "two", "three"]


def test_a_line_torn_by_a_crash_is_cut_off(run: Run) -> None:
    run.record(step(1))
    with run.metrics_file.open("a", encoding="utf-8") as file:
        file.write('{"event": "st')
    with run.locked():
        run.record(step(2))
    assert [e.step for e in run.events() if isinstance(e, StepDone)] == [1, 2]


def test_samples_have_a_file_of_their_own(run: Run) -> None:
    sample = SampleHeard("sft1", 5, "id", "yes", "no", 1.0)
    run.record(sample)
    assert run.samples() == [sample]
    assert run.events() == []


def test_only_one_process_may_train(run: Run) -> None:
    with run.locked(), pytest.raises(RunError, match="another process"), Run(run.folder).locked():
        pass
    with run.locked():
        pass


def test_the_newest_complete_checkpoint_counts(run: Run) -> None:
    assert run.last_checkpoint("sft1") is None
    for number in (8, 100, 20):
        checkpoint(run, "sft1", number)
    (run.checkpoints("sft1") / ".step-120.part").mkdir()
    run.prune("sft1")
    assert run.last_checkpoint("sft1") == run.checkpoints("sft1") / "step-100"
    assert not (run.checkpoints("sft1") / "step-8").exists()


def test_a_stage_begins_with_what_came_of_those_before_it(run: Run) -> None:
    assert run.starting_adapter("sft1") is None
    run.adapter("sft1").mkdir(parents=True)
    assert run.starting_adapter("sft1") is None
    assert run.starting_adapter("sft3") == run.adapter("sft1")
    run.adapter("sft2").mkdir(parents=True)
    assert run.starting_adapter("sft3") == run.adapter("sft2")


def test_a_model_beside_the_configuration_is_found_from_anywhere(tmp_path: Path) -> None:
    for path, meant in (("./own", tmp_path / "own"), ("mini", Path("mini"))):
        config = replace(RunConfig(), model=ModelConfig(path=path))
        assert Path(absolute(config, tmp_path).model.path) == meant
        assert absolute(absolute(config, tmp_path), tmp_path / "run") == absolute(config, tmp_path)


def test_a_stage_that_is_forgotten_begins_anew(run: Run) -> None:
    run.save_state(RunState(Status.FINISHED, "sft2", ("sft1", "sft2")))
    checkpoint(run, "sft2", 5)
    run.forget("sft2")
    assert run.state().finished == ("sft1",)
    assert run.last_checkpoint("sft2") is None
