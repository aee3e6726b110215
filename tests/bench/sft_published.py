"""One optimiser step of each phase at the published widths, and the memory it was reckoned at.

Random weights, float32, one layer of each stack in place of 24 and 28: the widths, the vocabulary
and the convolutions are the real ones. The whole model is reckoned only.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import Qwen3ASRForConditionalGeneration

from tests.bench.peak import peak_bytes
from tests.bench.published import published_config
from training.finetune.config import AdapterConfig, RunConfig
from training.finetune.lora import train_only, with_adapter
from training.finetune.memory import Load, estimate
from training.finetune.presets import PRESETS
from training.finetune.scopes import rates

CLIPS = 2
CLIP_S = 2.0


def measure() -> list[str]:
    """Lines to print."""
    lines = [f"{CLIPS} clips of {CLIP_S:g} s, one layer of each stack, float32; in the step alone:"]
    for stage in RunConfig().stages:
        lines.append(_phase(stage))
    lines.append("the whole model, a clip of 30 s at once (20 s in 8 GB), every scope, reckoned:")
    for name, config in PRESETS.items():
        if name != "mini-cpu":
            load = Load(
                clips=config.batch.clips_at_once,
                clip_s=config.data.most_clip_s,
                learning=frozenset(rates(config.sft3)),
                gradient_checkpointing=config.batch.gradient_checkpointing,
                four_bit=config.model.four_bit,
            )
            whole = estimate(published_config(), load)
            lines.append(f"  {name}: {whole.total_bytes / 1e9:.1f} GB, {load.clips} at once")
    return lines


def _phase(stage: str) -> str:
    torch.manual_seed(0)
    sizes = published_config(layers=1)
    base = Qwen3ASRForConditionalGeneration(sizes).requires_grad_(False)
    model = with_adapter(base, AdapterConfig(), None)
    learning = rates(RunConfig().phase(stage))
    groups = train_only(model, set(learning))
    optimizer = torch.optim.AdamW(
        [{"params": groups[scope], "lr": rate} for scope, rate in learning.items()]
    )
    model.train()
    load = Load(
        clips=CLIPS, clip_s=CLIP_S, learning=frozenset(learning), gradient_checkpointing=False,
        weight_bytes=4,
        compute_bytes=4,
        on_cpu=True,
    )  # fmt: skip
    shown, targets = _batch(load, sizes.audio_token_id)

    losses: list[float] = []

    def learn() -> None:
        scores = model(**shown, logits_to_keep=load.answer, use_cache=False).logits[:, :-1]
        loss = cross_entropy(scores.flatten(0, 1).float(), targets.flatten())
        del scores
        loss.backward()
        losses.append(loss.item())

    measured = peak_bytes(learn)
    optimizer.step()
    reckoned = estimate(sizes, load)
    expected = reckoned.gradient_bytes + reckoned.activation_bytes + reckoned.scores_bytes
    count = sum(len(own) for own in groups.values()) // 2
    return (
        f"  {stage}: {count} modules learn, loss {losses[0]:.2f}, "
        f"reckoned {expected / 1e6:.0f} MB, measured {measured / 1e6:.0f} MB"
    )


def _batch(load: Load, audio_token: int) -> tuple[dict[str, Tensor], Tensor]:
    frames, mels = load.frames // load.clips, int(100 * load.clip_s)
    ids = torch.randint(10, 1000, (load.clips, load.tokens // load.clips))
    ids[:, 8 : 8 + frames] = audio_token
    mask = torch.ones_like(ids)
    mask[0, 0] = 0
    shown = {
        "input_ids": ids,
        "attention_mask": mask,
        "input_features": torch.randn(load.clips, 128, mels),
        "input_features_mask": torch.ones(load.clips, mels, dtype=torch.long),
    }
    return shown, torch.randint(10, 1000, (load.clips, load.answer - 1))
