"""The base in 4 bits: it trains, and what comes of it is an adapter like any other."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("bitsandbytes", reason="a base in 4 bits needs the extra 'four-bit'")

from torch import nn

from engine.audio import load
from engine.checkpoint import locate
from engine.recognizer import Clip, Recognizer
from training.finetune.config import RunConfig
from training.finetune.events import HeldOutScored, StepDone
from training.finetune.run import Run, Status
from training.finetune.runner import train
from training.finetune.scopes import scope_of
from training.finetune.trainee import load_trainee


def losses(run: Run) -> list[float]:
    return [event.loss for event in run.events() if isinstance(event, StepDone)]


@pytest.mark.filterwarnings("default")  # what bitsandbytes has to say of a CPU is not ours to mend
def test_it_learns_about_as_with_the_whole_base(
    config: RunConfig, tmp_path: Path, mini: Path
) -> None:
    config = replace(
        config,
        data=replace(config.data, held_out_share=0.5),
        checkpoints=replace(config.checkpoints, held_out_clips=1),
    )
    small = replace(config, model=replace(config.model, four_bit=True))
    whole, quarter = Run.create(tmp_path / "16", config), Run.create(tmp_path / "4", small)
    for run in (whole, quarter):
        assert train(run).status is Status.FINISHED
    assert losses(quarter) != losses(whole)
    assert losses(quarter) == pytest.approx(losses(whole), rel=0.1)
    assert losses(quarter)[-1] < losses(quarter)[0]
    assert any(isinstance(event, HeldOutScored) for event in quarter.events())
    model = replace(locate(mini), adapter=quarter.adapter("sft3"))
    clip = Path(config.data.paths[0]).with_name("5.wav")
    Recognizer.load(model, "cpu").transcribe([Clip(load(clip), gate=1.0)])


def test_only_what_the_adapter_acts_on_is_in_4_bits(config: RunConfig, tmp_path: Path) -> None:
    small = replace(config, model=replace(config.model, four_bit=True))
    trainee = load_trainee(Run.create(tmp_path / "run", small), "sft3")
    bases = {
        name: module.base_layer if hasattr(module, "base_layer") else module
        for name, module in trainee.base.named_modules()
        if not name.endswith("base_layer") and "lora_" not in name
    }
    linear = {name: type(module) for name, module in bases.items() if isinstance(module, nn.Linear)}
    assert {kind.__name__ for name, kind in linear.items() if scope_of(name)} == {"Linear4bit"}
    assert {kind for name, kind in linear.items() if not scope_of(name)} <= {nn.Linear}
