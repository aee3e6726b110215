"""One step of reinforcement learning at the published widths, and the memory it was reckoned at.

Random weights, float32, one layer of each stack in place of 24 and 28: the widths, the vocabulary
and the convolutions are the real ones, prompts and tokenizer are mini's. Sampling, loss, optimiser
and checkpoint are those of the stage; only the rewards are told, for nothing that random weights
write could be judged. The whole model is reckoned only.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import torch
from transformers import Qwen3ASRForConditionalGeneration

from engine.checkpoint import locate
from engine.checkpoint.base import load_base
from engine.device import choose
from tests.bench.peak import peak_bytes
from tests.bench.published import SHIPPED, published_config
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
from training.finetune.lora import with_adapter
from training.finetune.memory import Load, estimate
from training.finetune.prepare import prepared
from training.finetune.presets import PRESETS
from training.finetune.rl_config import RlConfig
from training.finetune.run import Run
from training.finetune.scopes import Scope
from training.finetune.trainee import Trainee
from training.reward import rewards
from training.rl.events import RlStepDone
from training.rl.journal import Journal
from training.rl.rollouts import Rollout, Verdict
from training.rl.stage import Watch, make_trainer

CLIPS, CLIP_S = 2, 2.0
RL = RlConfig(
    steps=1, rollouts=4, clips_per_step=CLIPS, most_refills=0, most_tokens=12, rate=1e-4,
    held_out_every_steps=1,
)  # fmt: skip


def measure() -> list[str]:
    """Lines to print."""
    lines = [
        f"{CLIPS} clips of {CLIP_S:g} s, {RL.rollouts} rollouts each of {RL.most_tokens} tokens, "
        "one layer of each stack, float32; in the step alone:",
        _step(),
        f"the whole model, a clip of 30 s (20 s in 8 GB), {RlConfig().rollouts} rollouts of 256 "
        "tokens, reckoned:",
    ]
    for name, config in PRESETS.items():
        if name != "mini-cpu":
            at_once = config.rl.learnt_at_once(config.batch.clips_at_once)
            load = Load(
                clips=max(1, at_once // config.rl.rollouts),
                clip_s=config.data.most_clip_s,
                learning=frozenset(Scope),
                dropout=False,
                gradient_checkpointing=config.batch.gradient_checkpointing,
                four_bit=config.model.four_bit,
                rollouts=min(at_once, config.rl.rollouts),
                most_tokens=config.rl.most_tokens,
                sampled_clips=config.rl.sampled_at_once(config.rl.rollouts_at_once),
                sampled_rollouts=config.rl.rollouts,
            )
            whole = estimate(published_config(), load)
            lines.append(
                f"  {name}: {whole.total_bytes / 1e9:.1f} GB, {at_once} rollouts learnt from and "
                f"{load.sampled_clips * load.sampled_rollouts} sampled at once"
            )
    return lines


def _step() -> str:
    steps: list[RlStepDone] = []

    def listen(event: Event) -> None:
        if isinstance(event, RlStepDone):
            steps.append(event)

    with tempfile.TemporaryDirectory() as folder:
        config = RunConfig(
            stages=("rl",),
            model=ModelConfig(path=str(SHIPPED), device="cpu"),
            data=DataConfig(paths=(str(_clips(Path(folder))),), held_out_share=0.0),
            batch=BatchConfig(clips_at_once=CLIPS * RL.rollouts, gradient_checkpointing=False),
            checkpoints=CheckpointConfig(held_out_clips=0),
            rl=RL,
        )
        run = Run.create(Path(folder) / "run", config)
        context = Context(run, "rl", listen)
        trainee = _random()
        clips = prepared(run, context)
        journal = Journal(context, trainee, RL, ())
        trainer = make_trainer(run, context, trainee, clips, _told, journal, Watch(context))
        measured = peak_bytes(trainer.train)
    load = Load(
        clips=CLIPS, clip_s=CLIP_S, learning=frozenset(Scope), dropout=False, weight_bytes=4,
        compute_bytes=4, gradient_checkpointing=False, on_cpu=True, rollouts=RL.rollouts,
        most_tokens=RL.most_tokens, sampled_clips=CLIPS, sampled_rollouts=RL.rollouts,
    )  # fmt: skip
    reckoned = estimate(trainee.base.config, load)
    expected = reckoned.total_bytes - reckoned.base_bytes - reckoned.adapter_bytes
    learning = [p for p in trainee.model.parameters() if p.requires_grad]
    numbers = sum(p.numel() for p in learning)
    return (
        f"  rl: {len(learning) // 2} modules, {numbers / 1e6:.2f} million numbers learn, gradient "
        f"norm {steps[0].gradient_norm:.2g}, reckoned {expected / 1e6:.0f} MB, measured "
        f"{measured / 1e6:.0f} MB"
    )


def _random() -> Trainee:
    torch.manual_seed(0)
    _, processor = load_base(locate(SHIPPED), "cpu", torch.float32)
    sizes = published_config(layers=1)
    sizes.audio_token_id = processor.audio_token_id
    base = Qwen3ASRForConditionalGeneration(sizes).requires_grad_(False)
    return Trainee(with_adapter(base, AdapterConfig(), None), processor, choose("cpu"))


def _told(clip: Example, rollouts: Sequence[Rollout]) -> list[Verdict]:
    found = rewards(clip.text, [rollout.text for rollout in rollouts])
    return [Verdict(float(place), 0.0, reward) for place, reward in enumerate(found)]


def _clips(folder: Path) -> Path:
    random = np.random.default_rng(3)
    rows = []
    for number in range(CLIPS):
        samples = 0.1 * random.standard_normal(int(16_000 * CLIP_S))
        soundfile.write(folder / f"{number}.wav", samples, 16_000)
        rows.append({"audio": f"{number}.wav", "text": f"clip {number}", "language": "en"})
    path = folder / "clips.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
