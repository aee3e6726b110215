"""What the reward costs in a step of reinforcement learning, and what sharing prompts saves.

Four stretches of the shipped sample, eight rollouts each, sampled and learnt from by the shipped
model as the stage ``rl`` does it. A larger model makes the reward's share smaller: the reward is
the same. Then sampling and learning alone, against the same with a prompt in every row.
"""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import soundfile
import torch
from torch.nn.functional import cross_entropy
from transformers import GenerationConfig

from engine.audio import load
from engine.checkpoint import locate
from engine.checkpoint.base import load_base
from engine.recognizer import Clip
from engine.recognizer.inputs import make_batch
from tests.bench.published import SHIPPED
from training.data import Example
from training.finetune.config import (
    AdapterConfig,
    BatchConfig,
    CheckpointConfig,
    DataConfig,
    ModelConfig,
    RunConfig,
)
from training.finetune.context import Context
from training.finetune.events import Event
from training.finetune.lora import train_only, with_adapter
from training.finetune.rl_config import RlConfig
from training.finetune.run import Run
from training.finetune.scopes import Scope
from training.rl.events import RlStepDone
from training.rl.groups import FEATURES
from training.rl.rollouts import Rollout, Verdict, judge
from training.rl.shared import packed, sample
from training.rl.stage import train

SAMPLE = SHIPPED.parents[1] / "samples" / "wild-afternoon"
STEPS = 4
ANSWER = 40
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
        _shared(model),
    ]


def _shared(model: Path) -> str:
    base, processor = load_base(locate(model), "cpu", torch.float32)
    adapted = with_adapter(base, AdapterConfig(dropout=0.0), None)
    train_only(adapted, set(Scope))
    with tempfile.TemporaryDirectory() as folder:
        heard = [Clip(load(clips(Path(folder)).with_name(f"{n}.wav"))) for n in range(4)]
    prompts = make_batch(processor, heard, torch.float32, torch.device("cpu")).tensors
    many = {name: tensor.repeat_interleave(RL.rollouts, dim=0) for name, tensor in prompts.items()}
    settings = GenerationConfig(
        do_sample=True, top_k=0, min_new_tokens=ANSWER, max_new_tokens=ANSWER, eos_token_id=1021,
        pad_token_id=0, suppress_tokens=[processor.audio_token_id],
    )  # fmt: skip
    written = sample(base, prompts, RL.rollouts, settings)
    ids = torch.cat([many["input_ids"], written], dim=1)
    mask = torch.cat([many["attention_mask"], torch.ones_like(written)], dim=1)
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    audio = {name: prompts[name] for name in FEATURES}

    def together() -> None:
        beside = packed(ids, mask, ANSWER, len(heard), torch.float32).tensors
        labels = beside.pop("labels")
        scores = adapted(**beside, **audio, use_cache=False).logits[:, :-1]
        cross_entropy(scores.flatten(0, 1), labels[:, 1:].flatten()).backward()

    def apart() -> None:
        repeated = {name: many[name] for name in FEATURES}
        scores = adapted(
            input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False,
            logits_to_keep=ANSWER + 1, **repeated,
        ).logits[:, :-1]  # fmt: skip
        cross_entropy(scores.flatten(0, 1), written.flatten()).backward()

    ours = [_seconds(lambda: sample(base, prompts, RL.rollouts, settings)), _seconds(together)]
    theirs = [_seconds(lambda: base.generate(**many, generation_config=settings)), _seconds(apart)]
    return (
        f"a prompt in every row / one for all rollouts: sampling {theirs[0] / ours[0]:.1f} x, "
        f"learning {theirs[1] / ours[1]:.1f} x the processor time"
    )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


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
