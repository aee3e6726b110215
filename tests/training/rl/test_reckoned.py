"""Memory reckoned for a step of reinforcement learning against memory used, at small sizes."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import GenerationConfig, Qwen3ASRConfig, Qwen3ASRForConditionalGeneration

from engine.device import Device
from tests.bench.peak import peak_bytes
from training.finetune.config import AdapterConfig, RunConfig
from training.finetune.dry_run import dry_run
from training.finetune.lora import train_only, with_adapter
from training.finetune.memory import Load, estimate
from training.finetune.presets import PRESETS
from training.finetune.rl_config import RlConfig
from training.finetune.run import Run
from training.finetune.scopes import Scope
from training.finetune.sft import checkpoint_activations
from training.finetune.trainee import Trainee
from training.rl.shared import packed, sample

pytest.importorskip("trl", reason="reinforcement learning needs the extra 'rl' (TRL)")

from trl.trainer.utils import add_fused_lm_head

AUDIO_TOKEN, VOCABULARY = 1500, 4000


def small() -> Qwen3ASRConfig:
    text = {
        "hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 3,
        "vocab_size": VOCABULARY, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": 64, "layer_types": ["full_attention"] * 3,
    }  # fmt: skip
    audio = {
        "d_model": 128, "encoder_layers": 3, "encoder_attention_heads": 2, "output_dim": 256,
        "encoder_ffn_dim": 512, "downsample_hidden_size": 16,
    }  # fmt: skip
    return Qwen3ASRConfig(
        audio_config=audio, text_config=text, audio_token_id=AUDIO_TOKEN, pad_token_id=1,
        eos_token_id=[1],
    )  # fmt: skip


def prompts(load: Load) -> dict[str, Tensor]:
    frames, mels = load.frames // load.clips, int(100 * load.clip_s)
    ids = torch.randint(10, 1000, (load.clips, frames + 16))
    ids[:, 8 : 8 + frames] = AUDIO_TOKEN
    mask = torch.ones_like(ids)
    mask[0, 0] = 0
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "input_features": torch.randn(load.clips, 128, mels),
        "input_features_mask": torch.ones(load.clips, mels, dtype=torch.long),
    }


LOAD = Load(
    clips=2, clip_s=3.0, learning=frozenset(Scope), dropout=False, weight_bytes=4, compute_bytes=4,
    gradient_checkpointing=False, on_cpu=True, rollouts=6, most_tokens=24, sampled_clips=2,
    sampled_rollouts=6,
)  # fmt: skip


@pytest.mark.parametrize("checkpointing", [False, True])
def test_learning_takes_what_was_reckoned(checkpointing: bool) -> None:
    torch.manual_seed(0)
    load = replace(LOAD, gradient_checkpointing=checkpointing, sampled_clips=0)
    base = Qwen3ASRForConditionalGeneration(small()).requires_grad_(False)
    add_fused_lm_head(base, outputs=("log_probs", "entropy"))
    adapted = with_adapter(base, AdapterConfig(dropout=0.0), None)
    train_only(adapted, set(Scope))
    if checkpointing:
        checkpoint_activations(Trainee(adapted, None, Device("cpu", None, "")))
    adapted.train()
    asked = {name: t.repeat_interleave(load.rollouts, 0) for name, t in prompts(load).items()}
    answers = torch.randint(10, 1000, (len(asked["input_ids"]), load.most_tokens))
    ids = torch.cat([asked["input_ids"], answers], 1)
    mask = torch.cat([asked["attention_mask"], torch.ones_like(answers)], 1)
    audio = {name: t for name, t in prompts(load).items() if "features" in name}

    def learn() -> None:
        beside = packed(ids, mask, load.most_tokens, load.clips, torch.float32)
        output = adapted(**beside.tensors, **audio, fused_lm_head=True)
        beside.unpacked(output.log_probs).mean().backward()

    learn()
    adapted.zero_grad()
    reckoned = estimate(base.config, load)
    assert reckoned.sampling_bytes == 0
    in_a_step = reckoned.gradient_bytes + reckoned.activation_bytes + reckoned.scores_bytes
    assert in_a_step == pytest.approx(peak_bytes(learn), rel=0.2)


def test_sampling_takes_what_was_reckoned() -> None:
    torch.manual_seed(0)
    load = replace(LOAD, clips=1, rollouts=2, sampled_clips=8, sampled_rollouts=16)
    base = Qwen3ASRForConditionalGeneration(small()).requires_grad_(False).eval()
    settings = GenerationConfig(
        do_sample=True, top_k=0, min_new_tokens=24, max_new_tokens=24, eos_token_id=1,
        pad_token_id=1, suppress_tokens=[AUDIO_TOKEN],
    )  # fmt: skip
    asked = prompts(replace(load, clips=8))
    measured = peak_bytes(lambda: sample(base, asked, load.sampled_rollouts, settings))
    reckoned = estimate(base.config, load)
    assert reckoned.sampling_bytes > 0
    beyond = reckoned.activation_bytes + reckoned.scores_bytes + reckoned.sampling_bytes
    assert beyond == pytest.approx(measured, rel=0.2)


@pytest.mark.parametrize(
    ("clips_at_once", "halvings", "learnt"),
    [
        (1, 0, 12),
        (23, 0, 12),
        (24, 0, 24),
        (96, 0, 48),
        (24, 1, 12),
        (8, 1, 6),
        (8, 2, 3),
        (8, 9, 1),
    ],
)
def test_rollouts_that_are_learnt_from_at_once_share_prompts_evenly(
    clips_at_once: int, halvings: int, learnt: int
) -> None:
    config = RlConfig(rollouts=12, clips_per_step=4)
    assert config.learnt_at_once(clips_at_once, halvings) == learnt


@pytest.mark.parametrize(("most", "clips"), [(1, 1), (23, 1), (24, 2), (96, 4)])
def test_whole_groups_are_sampled_at_once(most: int, clips: int) -> None:
    assert RlConfig(rollouts=12, clips_per_step=4).sampled_at_once(most) == clips


def test_the_presets_fit_the_cards_they_are_named_for() -> None:
    published = Qwen3ASRConfig(audio_config={"output_dim": 2048})
    for name, config in PRESETS.items():
        if name == "mini-cpu":
            continue
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
        card_gb = float(name.removesuffix("gb"))
        assert estimate(published, load).total_bytes < 0.8 * card_gb * 1e9, name


def test_the_dry_run_says_what_a_step_takes(config: RunConfig, tmp_path: Path) -> None:
    found = dry_run(Run.create(tmp_path / "run", config))
    (plan,) = found.stages
    assert (plan.stage, plan.steps, plan.parts) == ("rl", 2, ((None, 3, 2),))
    assert plan.memory.base_bytes > 10e6
    more = replace(config, rl=replace(config.rl, rollouts=64, clips_per_step=2, most_tokens=50))
    (larger,) = dry_run(Run.create(tmp_path / "more", more)).stages
    assert larger.memory.total_bytes > plan.memory.total_bytes
