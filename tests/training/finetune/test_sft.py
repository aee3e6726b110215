"""Phases on mini, short ones: what learns, what comes of it, and whatever may interrupt it."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.audio import load
from engine.checkpoint import locate
from engine.checkpoint.adapter import read_adapter
from engine.recognizer import Clip, Recognizer
from training.finetune import toml
from training.finetune.config import AdapterConfig, CheckpointConfig, RunConfig, SftConfig
from training.finetune.errors import DiskFullError, LossNotFiniteError
from training.finetune.events import (
    CheckpointSaved,
    DataPrepared,
    Event,
    HeldOutScored,
    Listener,
    StepDone,
    from_line,
)
from training.finetune.run import Command, Run, Status
from training.finetune.runner import train

REPOSITORY = Path(__file__).parents[3]


def weights(run: Run, stage: str = "sft3") -> dict[str, Tensor]:
    return load_file(run.adapter(stage) / "adapter_model.safetensors")


def assert_same(run: Run, other: Run) -> None:
    ours, theirs = weights(run), weights(other)
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []


def after_step(number: int, act: Callable[[], None]) -> Listener:
    def listen(event: Event) -> None:
        if isinstance(event, StepDone) and event.step == number:
            act()

    return listen


@pytest.fixture(scope="module")
def uninterrupted(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run.create(tmp_path_factory.mktemp("uninterrupted"), config)
    train(run)
    return run


def sums(folder: Path) -> dict[Path, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_only_an_adapter_comes_of_it_and_the_engine_hears_with_it(
    config: RunConfig, tmp_path: Path, mini: Path
) -> None:
    before = sums(mini)
    run = Run.create(tmp_path / "run", config)
    assert train(run).status is Status.FINISHED
    assert sums(mini) == before
    names = {path.name for path in run.adapter("sft3").iterdir()}
    assert names == {"adapter_config.json", "adapter_model.safetensors"}
    assert all("lora_" in name for name in weights(run))
    adapter = read_adapter(run.adapter("sft3"))
    assert adapter.rank == 8
    assert all(up.abs().max() > 0 for up in adapter.up.values())
    recognizer = Recognizer.load(replace(locate(mini), adapter=run.adapter("sft3")), "cpu")
    clip = Path(config.data.paths[0]).with_name("5.wav")
    recognizer.transcribe([Clip(load(clip), gate=1.0)])


def prepared(event: Event | None) -> bool:
    return isinstance(event, DataPrepared)


def in_between(event: Event | None) -> bool:
    return isinstance(event, StepDone) and event.step == 3


def saved_last(event: Event | None) -> bool:
    return isinstance(event, CheckpointSaved) and event.step == 4


@pytest.mark.timeout(600)  # a child that imports torch, on perhaps two cores
@pytest.mark.parametrize(
    ("moment", "left"), [(prepared, None), (in_between, "step-2"), (saved_last, "step-4")]
)
def test_killed_at_any_moment_it_ends_with_the_same_weights(
    config: RunConfig,
    tmp_path: Path,
    uninterrupted: Run,
    moment: Callable[[Event | None], bool],
    left: str | None,
) -> None:
    run = Run.create(tmp_path / "killed", config)
    command = [sys.executable, "-m", "training.finetune", str(run.folder)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if moment(from_line(line)):
                child.kill()
                break
    assert child.wait() != 0
    assert run.state().status is Status.RUNNING
    assert not run.adapter("sft3").exists()
    checkpoint = run.last_checkpoint("sft3")
    assert (checkpoint and checkpoint.name) == left
    train(run)
    assert_same(run, uninterrupted)
    steps = [event.step for event in run.events() if isinstance(event, StepDone)]
    assert steps == [1, 2, 3, 4]


def test_paused_it_waits_and_stopped_it_keeps_what_it_learnt(
    config: RunConfig, tmp_path: Path, uninterrupted: Run
) -> None:
    run = Run.create(tmp_path / "paused", config)
    paused = train(run, after_step(2, lambda: run.request(Command.PAUSE)))
    assert paused.status is Status.PAUSED
    assert run.last_checkpoint("sft3") == run.checkpoints("sft3") / "step-3"
    train(run)
    assert_same(run, uninterrupted)
    stopped = Run.create(tmp_path / "stopped", config)
    state = train(stopped, after_step(1, lambda: stopped.request(Command.STOP)))
    assert (state.status, state.finished) == (Status.STOPPED, ("sft3",))
    assert weights(stopped).keys() == weights(run).keys()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit to the size of files")
def test_a_checkpoint_that_does_not_fit_leaves_the_last_one(
    config: RunConfig, tmp_path: Path, uninterrupted: Run
) -> None:
    config = replace(config, checkpoints=CheckpointConfig(every_steps=1, held_out_clips=0))
    run = Run.create(tmp_path / "full", config)
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))

    try:
        with pytest.raises(DiskFullError):
            train(run, after_step(2, limit))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in run.checkpoints("sft3").iterdir()] == ["step-1"]
    train(run)
    assert_same(run, uninterrupted)


def test_a_rate_that_was_lowered_in_a_pause_counts(config: RunConfig, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "paused", config)
    train(run, after_step(1, lambda: run.request(Command.PAUSE)))
    settings = run.folder / "config.toml"
    lower = replace(config, sft3=replace(config.sft3, encoder_rate=1e-6, aligner_rate=1e-6,
                                         language_model_rate=1e-6))  # fmt: skip
    settings.write_text(toml.dump(lower), encoding="utf-8")
    train(Run(run.folder))
    rates = {event.step: event.rate for event in run.events() if isinstance(event, StepDone)}
    assert rates[2] > 1e-4
    assert max(rates[3], rates[4]) <= 1e-6


def test_a_loss_that_is_no_number_ends_it_before_anything_is_saved(
    config: RunConfig, tmp_path: Path
) -> None:
    wild = SftConfig(1e25, 1e25, 1e25, wer_limits=(), most_steps=4, epochs=3.0)
    config = replace(config, sft3=wild, checkpoints=CheckpointConfig(every_steps=1))
    run = Run.create(tmp_path / "wild", config)
    with pytest.raises(LossNotFiniteError, match="listen to the 4 clips of this step"):
        train(run)
    checkpoint = run.last_checkpoint("sft3")
    assert checkpoint is not None
    saved = load_file(checkpoint / "adapter_model.safetensors")
    assert all(tensor.isfinite().all() for tensor in saved.values())


def test_a_phase_changes_its_scopes_and_the_next_goes_on_from_there(
    config: RunConfig, tmp_path: Path
) -> None:
    config = replace(
        config,
        stages=("sft1", "sft2"),
        data=replace(config.data, held_out_share=0.5),
        checkpoints=CheckpointConfig(held_out_clips=1, held_out_every_steps=1),
        sft1=SftConfig(encoder_rate=1e-3, aligner_rate=1e-3, epochs=2.0, most_steps=2),
        sft2=SftConfig(language_model_rate=1e-3, most_steps=1),
    )
    run = Run.create(tmp_path / "run", config)
    train(run)
    first, second = weights(run, "sft1"), weights(run, "sft2")
    first_b = {name for name in first if "lora_B" in name}
    learnt = {name for name in first_b if first[name].any()}
    assert learnt == {name for name in first_b if "language_model" not in name}
    changed = {name for name in first if not torch.equal(first[name], second[name])}
    assert {name for name in changed if "lora_B" in name} == first_b - learnt
    assert all("language_model" in name for name in changed)
    scored = [event for event in run.events() if isinstance(event, HeldOutScored)]
    assert [(event.stage, event.step) for event in scored] == [
        ("sft1", 1),
        ("sft1", 2),
        ("sft2", 1),
    ]
    assert len(run.samples()) == 3


def test_clips_at_once_and_an_activation_twice_change_nothing_that_is_learnt(
    config: RunConfig, tmp_path: Path
) -> None:
    config = replace(
        config, adapter=AdapterConfig(dropout=0.0), sft3=replace(config.sft3, most_steps=1)
    )
    many = Run.create(tmp_path / "many", config)
    train(many)
    batch = replace(config.batch, clips_at_once=1, gradient_checkpointing=True)
    few = Run.create(tmp_path / "few", replace(config, batch=batch))
    train(few)
    (one,) = (e for e in many.events() if isinstance(e, StepDone))
    (other,) = (e for e in few.events() if isinstance(e, StepDone))
    assert one.loss == pytest.approx(other.loss, rel=1e-5)
    assert one.gradient_norm == pytest.approx(other.gradient_norm, rel=1e-4)
    assert one.target_tokens == other.target_tokens


def test_half_precision_learns_nearly_the_same_where_the_processor_has_it(
    config: RunConfig, tmp_path: Path
) -> None:
    config = replace(
        config, adapter=AdapterConfig(dropout=0.0), sft3=replace(config.sft3, most_steps=1)
    )
    whole = Run.create(tmp_path / "whole", config)
    half = Run.create(
        tmp_path / "half", replace(config, model=replace(config.model, compute="half"))
    )
    train(whole)
    train(half)
    (one,) = (e for e in whole.events() if isinstance(e, StepDone))
    (other,) = (e for e in half.events() if isinstance(e, StepDone))
    assert one.loss == pytest.approx(other.loss, rel=0.02)
    assert one.gradient_norm == pytest.approx(other.gradient_norm, rel=0.1)
