"""Going through stages that do nothing but what each test wants them to."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine.errors import OutOfMemoryError, UsageError
from training.finetune.config import BatchConfig, RunConfig
from training.finetune.context import Context, Outcome
from training.finetune.errors import DiskFullError, LossNotFiniteError, RunError
from training.finetune.events import BatchHalved, Event, RunFailed, RunFinished, StagePaused
from training.finetune.rl_config import RlConfig
from training.finetune.run import Command, Run, Status
from training.finetune.runner import train
from training.finetune.stages import STAGES, Stage, stage


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = RunConfig(stages=("sft1", "sft2"), batch=BatchConfig(clips_at_once=4))
    return Run.create(tmp_path / "run", config)


def always(function: Stage) -> Callable[[str], Stage]:
    return lambda name: function


def finish(run: Run, context: Context) -> Outcome:
    run.adapter(context.stage).mkdir(parents=True)
    return Outcome.FINISHED


def test_every_stage_there_is_can_be_imported() -> None:
    for name in STAGES:
        assert callable(stage(name))


def test_an_unknown_stage_is_refused_before_anything_starts(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", RunConfig(stages=("sft1", "sft9")))
    with pytest.raises(UsageError, match="sft9"):
        train(run)
    assert run.state().status is Status.NEW


def test_stages_run_in_their_order_and_only_once(run: Run) -> None:
    seen: list[str] = []

    def note(run: Run, context: Context) -> Outcome:
        seen.append(context.stage)
        return finish(run, context)

    heard: list[Event] = []
    state = train(run, heard.append, find=always(note))
    assert (state.status, state.finished) == (Status.FINISHED, ("sft1", "sft2"))
    assert heard == [RunFinished()]
    train(run, find=always(note))
    assert seen == ["sft1", "sft2"]


def test_one_stage_alone_is_done_again(run: Run) -> None:
    train(run, find=always(finish))
    seen: list[str] = []

    def note(run: Run, context: Context) -> Outcome:
        seen.append(context.stage)
        assert not run.adapter("sft2").exists()
        return finish(run, context)

    assert train(run, only="sft2", find=always(note)).status is Status.FINISHED
    assert seen == ["sft2"]


def test_a_paused_stage_is_called_again(run: Run) -> None:
    def pause(run: Run, context: Context) -> Outcome:
        run.request(Command.PAUSE)
        context.emit(StagePaused(context.stage, 3))
        return Outcome.PAUSED

    assert train(run, find=always(pause)).status is Status.PAUSED

    def check(run: Run, context: Context) -> Outcome:
        assert context.command() is Command.GO_ON
        return finish(run, context)

    assert train(run, find=always(check)).status is Status.FINISHED


def test_a_stopped_stage_counts_and_the_next_one_waits(run: Run) -> None:
    def stop(run: Run, context: Context) -> Outcome:
        finish(run, context)
        return Outcome.STOPPED

    state = train(run, find=always(stop))
    assert (state.status, state.finished) == (Status.STOPPED, ("sft1",))
    assert train(run, find=always(finish)).finished == ("sft1", "sft2")


def test_memory_that_runs_out_halves_what_is_in_it(run: Run) -> None:
    sizes: list[int] = []

    def greedy(run: Run, context: Context) -> Outcome:
        sizes.append(run.clips_at_once)
        if run.clips_at_once > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return Outcome.FINISHED

    heard: list[Event] = []
    train(run, heard.append, find=always(greedy))
    assert sizes == [4, 2, 1, 1]
    halved = [event for event in heard if isinstance(event, BatchHalved)]
    assert [event.clips_at_once for event in halved] == [2, 1]


def test_in_reinforcement_learning_the_rollouts_of_a_single_clip_are_halved(tmp_path: Path) -> None:
    config = RunConfig(stages=("rl",), batch=BatchConfig(clips_at_once=1), rl=RlConfig(rollouts=4))
    sizes: list[int] = []

    def greedy(run: Run, context: Context) -> Outcome:
        sizes.append(run.at_once("rl"))
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(OutOfMemoryError, match="1 rollouts at once"):
        train(Run.create(tmp_path / "run", config), find=always(greedy))
    assert sizes == [4, 2, 1]


def test_memory_that_runs_out_over_a_single_clip_ends_it(run: Run) -> None:
    def greedy(run: Run, context: Context) -> Outcome:
        raise MemoryError

    heard: list[Event] = []
    with pytest.raises(OutOfMemoryError):
        train(run, heard.append, find=always(greedy))
    assert run.state().status is Status.FAILED
    assert isinstance(heard[-1], RunFailed)
    assert heard[-1].code == "OutOfMemoryError"


def test_an_error_is_told_in_three_sentences_and_the_run_can_go_on(run: Run) -> None:
    def break_off(run: Run, context: Context) -> Outcome:
        raise LossNotFiniteError("The loss is nan.", "Kept.", "Lower the rates.")

    with pytest.raises(LossNotFiniteError):
        train(run, find=always(break_off))
    (told,) = run.events()
    assert told == RunFailed(
        "sft1", "LossNotFiniteError", "The loss is nan.", "Kept.", "Lower the rates."
    )
    assert train(run, find=always(finish)).status is Status.FINISHED


def test_a_bug_is_told_as_well(run: Run) -> None:
    def break_off(run: Run, context: Context) -> Outcome:
        raise KeyError("x")

    with pytest.raises(RunError, match="KeyError"):
        train(run, find=always(break_off))
    assert run.state().status is Status.FAILED


@pytest.mark.skipif(sys.platform != "linux", reason="needs a device that is always full")
def test_a_full_disk_is_told_even_though_it_cannot_be_written_down(run: Run) -> None:
    run.metrics_file.symlink_to("/dev/full")

    def speak(run: Run, context: Context) -> Outcome:
        context.emit(StagePaused(context.stage, 1))
        return Outcome.FINISHED

    heard: list[Event] = []
    with pytest.raises(DiskFullError):
        train(run, heard.append, find=always(speak))
    assert isinstance(heard[-1], RunFailed)
    assert heard[-1].code == "DiskFullError"


def test_an_error_in_any_of_several_processes_is_written_down(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As torchrun starts the second of two; the first would be ended without hearing of it."""
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")

    def greedy(run: Run, context: Context) -> Outcome:
        assert not context.is_main
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(OutOfMemoryError):
        train(run, find=always(greedy))
    assert run.state().status is Status.FAILED
    assert [type(event) for event in run.events()] == [RunFailed]


def test_a_second_process_does_a_stage_again_though_it_was_finished(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(run, find=always(finish))
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    seen: list[str] = []

    def note(run: Run, context: Context) -> Outcome:
        seen.append(context.stage)
        return Outcome.FINISHED

    train(run, only="sft2", find=always(note))
    assert seen == ["sft2"]


def test_a_stage_that_the_run_has_not_is_refused_before_anything_is_forgotten(run: Run) -> None:
    train(run, find=always(finish))
    with pytest.raises(UsageError, match="no stage 'rl'"):
        train(run, only="rl")
    assert run.state().finished == ("sft1", "sft2")
