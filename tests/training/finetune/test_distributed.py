"""Two processes on one machine learn what one would."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training.finetune.config import AdapterConfig, RunConfig
from training.finetune.events import StepDone
from training.finetune.run import Run, Status
from training.finetune.runner import train

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.timeout(900)  # three processes that import torch, on perhaps two cores
def test_two_processes_end_where_one_does(config: RunConfig, tmp_path: Path) -> None:
    config = replace(
        config, adapter=AdapterConfig(dropout=0.0), sft3=replace(config.sft3, most_steps=2)
    )
    one, two = (Run.create(tmp_path / name, config) for name in ("one", "two"))
    train(one)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, "-m", "training.finetune", str(two.folder)],
        cwd=REPOSITORY,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert two.state().status is Status.FINISHED
    alone, shared = ([e for e in run.events() if isinstance(e, StepDone)] for run in (one, two))
    assert [e.target_tokens for e in alone] == [e.target_tokens for e in shared]
    torch.testing.assert_close([e.loss for e in alone], [e.loss for e in shared])
    name = "adapter_model.safetensors"
    ours, theirs = (load_file(run.adapter("sft3") / name) for run in (one, two))
    torch.testing.assert_close(ours, theirs, atol=2e-4, rtol=1e-3)
