"""Two processes on one machine learn what one would."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training.finetune.config import AdapterConfig, RunConfig
from training.finetune.events import HeldOutScored, StepDone
from training.finetune.run import Run, Status
from training.finetune.runner import train

REPOSITORY = Path(__file__).parents[3]

TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc-per-node=2")
ACCELERATE = (
    "accelerate.commands.launch", "--multi_gpu", "--num_processes=2", "--num_machines=1",
    "--mixed_precision=no", "--dynamo_backend=no",
)  # fmt: skip


@pytest.fixture(scope="module")
def unheard(manifest: Path, config: RunConfig) -> RunConfig:
    """A run whose clips the base model has to hear first, and some of them are held out."""
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        del row["wer"]
        row["split"] = "held_out" if row["speaker"] == "s2" else "train"
    path = manifest.with_name("unheard.jsonl")
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return replace(
        config,
        data=replace(config.data, paths=(str(path),)),
        adapter=AdapterConfig(dropout=0.0),
        checkpoints=replace(config.checkpoints, held_out_clips=2),
        sft3=replace(config.sft3, most_steps=2, wer_limits=(1000.0,)),
    )


@pytest.fixture(scope="module")
def alone(unheard: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run.create(tmp_path_factory.mktemp("alone") / "run", unheard)
    train(run)
    return run


@pytest.mark.timeout(900)  # three processes that import torch, on perhaps two cores
@pytest.mark.parametrize("launcher", [TORCHRUN, ACCELERATE], ids=["torchrun", "accelerate"])
def test_two_processes_end_where_one_does(
    launcher: tuple[str, ...], unheard: RunConfig, alone: Run, tmp_path: Path
) -> None:
    one, two = alone, Run.create(tmp_path / "two", unheard)
    done = subprocess.run(
        [sys.executable, "-m", *launcher, "-m", "training.finetune", str(two.folder)],
        cwd=REPOSITORY,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert two.state().status is Status.FINISHED
    heard, (ours, theirs) = wers([one.wer_file(0)]), (two.wer_file(0), two.wer_file(1))
    assert wers([ours, theirs]) == heard
    assert len(wers([ours])) == len(wers([theirs])) == 2
    assert sum(isinstance(event, HeldOutScored) for event in two.events()) == 1
    before, shared = ([e for e in run.events() if isinstance(e, StepDone)] for run in (one, two))
    assert [e.target_tokens for e in before] == [e.target_tokens for e in shared]
    torch.testing.assert_close([e.loss for e in before], [e.loss for e in shared])
    name = "adapter_model.safetensors"
    mine, others = (load_file(run.adapter("sft3") / name) for run in (one, two))
    torch.testing.assert_close(mine, others, atol=2e-4, rtol=1e-3)


def wers(paths: list[Path]) -> dict[str, float]:
    rows = (json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines())
    return {row["id"]: row["wer"] for row in rows}
