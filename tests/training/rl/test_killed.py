"""A run in the stage ``rl`` that is killed, and one that is not, come to the same weights."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training.finetune.config import RunConfig
from training.finetune.events import HeldOutScored, from_line
from training.finetune.run import Run, Status
from training.rl.events import RlStepDone

pytest.importorskip("trl", reason="reinforcement learning needs the extra 'rl' (TRL)")

from training.finetune.runner import train

REPOSITORY = Path(__file__).parents[3]


def steps(run: Run) -> list[RlStepDone]:
    """Without the time they took, which is all that may differ."""
    done = [event for event in run.events() if isinstance(event, RlStepDone)]
    return [replace(step, wall_s=0.0) for step in done]


@pytest.mark.timeout(600)  # a child that imports torch, on perhaps two cores
def test_killed_at_any_moment_it_ends_with_the_same_weights(
    config: RunConfig, tmp_path: Path
) -> None:
    rl = replace(config.rl, steps=4, temperature=2.0, held_out_every_steps=2, patience=0)
    kept = replace(config.checkpoints, every_steps=2)
    config = replace(config, rl=rl, checkpoints=kept)
    killed = Run.create(tmp_path / "killed", config)
    command = [sys.executable, "-m", "training.finetune", str(killed.folder)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            event = from_line(line)
            if isinstance(event, RlStepDone) and event.step == 3:
                child.kill()
                break
    assert child.wait() != 0
    assert killed.state().status is Status.RUNNING
    assert killed.last_checkpoint("rl") == killed.checkpoints("rl") / "step-2"
    assert train(killed).status is Status.FINISHED

    whole = Run.create(tmp_path / "whole", config)
    train(whole)
    assert [step.step for step in steps(killed)] == [1, 2, 3, 4]
    assert steps(killed) == steps(whole)
    assert all(step.gradient_norm > 0 for step in steps(whole)[-2:])
    scored = [[e for e in run.events() if isinstance(e, HeldOutScored)] for run in (killed, whole)]
    assert scored[0] == scored[1]
    for folder in ("step-4", "adapter"):
        ours, theirs = (
            load_file(run.checkpoints("rl") / folder / "adapter_model.safetensors")
            for run in (killed, whole)
        )
        assert ours.keys() == theirs.keys()
        assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []
