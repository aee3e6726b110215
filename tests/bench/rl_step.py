"""What computing the reward costs in a step of reinforcement learning.

Four stretches of the shipped sample, eight rollouts each, sampled and learnt from by the shipped
model as the stage ``rl`` does it. A larger model makes the share smaller: the reward is the same.
"""

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import soundfile
import torch

from tests.bench.published import SHIPPED
from training.data import Example
from training.finetune.config import (
    BatchConfig,
    CheckpointConfig,
    DataConfig,
    ModelConfig,
    RunConfig,
)
from training.finetune.context import Context
from training.finetune.events import Event
from training.finetune.rl_config import RlConfig
from training.finetune.run import Run
from training.rl.events import RlStepDone
from training.rl.rollouts import Rollout, Verdict, judge
from training.rl.stage import train

SAMPLE = SHIPPED.parents[1] / "samples" / "wild-afternoon"
STEPS = 4
RL = RlConfig(
    steps=STEPS, rollouts=8, clips_per_step=4, most_refills=0, rate=1e-5, temperature=1.2,
    most_tokens=128, held_out_every_steps=STEPS,
)  # fmt: skip


def measure(model: Path = SHIPPED) -> list[str]:
    """Lines to print."""
    reward_s = 0.0
    marks: list[tuple[float, float]] = []
    steps: list[RlStepDone] = []

    def timed(clip: Example, rollouts: Sequence[Rollout]) -> Sequence[Verdict]:
        nonlocal reward_s
        begun = time.process_time()
        found = judge(RL)(clip, rollouts)
        reward_s += time.process_time() - begun
        return found

    def listen(event: Event) -> None:
        if isinstance(event, RlStepDone):
            steps.append(event)
            marks.append((time.process_time(), reward_s))

    with tempfile.TemporaryDirectory() as folder:
        config = RunConfig(
            stages=("rl",),
            model=ModelConfig(path=str(model), device="cpu"),
            data=DataConfig(paths=(str(clips(Path(folder))),), held_out_share=0.0),
            batch=BatchConfig(clips_at_once=8, gradient_checkpointing=False),
            checkpoints=CheckpointConfig(every_steps=10**9, held_out_clips=0),
            rl=RL,
        )
        run = Run.create(Path(folder) / "run", config)
        train(run, Context(run, "rl", listen), timed)
    whole_s, rewarding_s = (last - first for first, last in zip(marks[0], marks[-1], strict=True))
    rollouts = RL.rollouts * sum(step.groups for step in steps[1:])
    tokens = sum(step.tokens_mean for step in steps[1:]) / len(steps[1:])
    return [
        f"{RL.clips_per_step} clips a step, {RL.rollouts} rollouts each of {tokens:.0f} tokens in "
        f"the mean; {torch.get_num_threads()} threads, processor time, without the first step",
        f"reward: {rewarding_s / whole_s:.2%} of a step, {1e6 * rewarding_s / rollouts:.0f} us for "
        "each rollout",
        f"a step: {whole_s / (STEPS - 1):.2f} s",
    ]


def clips(folder: Path) -> Path:
    """The stretches of the sample as a manifest; two clean, two degraded, 6 to 13 s."""
    samples, rate = soundfile.read(SAMPLE.with_suffix(".flac"), dtype="float32")
    known = json.loads(SAMPLE.with_suffix(".json").read_text(encoding="utf-8"))
    rows = []
    for number, part in enumerate(known["stretches"]):
        start, end = (int(rate * part[name]) for name in ("start_s", "end_s"))
        soundfile.write(folder / f"{number}.wav", samples[start:end], rate)
        text = " ".join(part["sentences"])
        rows.append({"audio": f"{number}.wav", "text": text, "language": "en", "split": "train"})
    path = folder / "clips.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
