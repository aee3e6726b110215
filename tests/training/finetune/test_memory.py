"""Sizes of the published model, and memory reckoned against memory used."""

from collections import Counter

import pytest
import torch
from torch import Tensor, nn
from torch._C._profiler import _EventType
from torch.nn.functional import cross_entropy
from torch.profiler import ProfilerActivity, profile
from transformers import Qwen3ASRConfig, Qwen3ASRForConditionalGeneration

from engine.device import Device
from training.finetune.config import AdapterConfig
from training.finetune.lora import train_only, with_adapter
from training.finetune.memory import Load, estimate, parameter_counts
from training.finetune.presets import PRESETS
from training.finetune.scopes import Scope, rates, scope_of
from training.finetune.sft import checkpoint_activations
from training.finetune.trainee import Trainee

AUDIO_TOKEN = 1500


def published() -> Qwen3ASRConfig:
    """The 1.7B model's sizes; the defaults of transformers but for one."""
    return Qwen3ASRConfig(audio_config={"output_dim": 2048})


def test_the_published_model_has_as_many_modules_in_each_scope_as_published() -> None:
    with torch.device("meta"):
        model = Qwen3ASRForConditionalGeneration(published())
        adapted = with_adapter(model, AdapterConfig(), None)
    modules: Counter[Scope | None] = Counter()
    for name, module in adapted.get_base_model().named_modules():
        if hasattr(module, "lora_A"):
            modules[scope_of(name)] += 1
    assert modules == {Scope.ENCODER: 144, Scope.ALIGNER: 3, Scope.LANGUAGE_MODEL: 196}


@pytest.mark.parametrize(
    ("scopes", "modules"),
    [
        ({Scope.ENCODER, Scope.ALIGNER}, 147),
        ({Scope.LANGUAGE_MODEL}, 196),
        (set(Scope), 343),
    ],
)
def test_a_phase_lets_exactly_its_modules_learn(scopes: set[Scope], modules: int) -> None:
    with torch.device("meta"):
        model = Qwen3ASRForConditionalGeneration(published())
        adapted = with_adapter(model, AdapterConfig(), None)
    chosen = train_only(adapted, scopes)
    learning = {name for name, p in adapted.named_parameters() if p.requires_grad}
    assert len(learning) == 2 * modules
    assert sum(len(own) for own in chosen.values()) == 2 * modules
    assert all("lora_" in name for name in learning)


def test_parameters_at_real_size() -> None:
    base, adapted, lora = parameter_counts(published(), rank=8)
    assert base == pytest.approx(2.04e9, rel=0.01)
    assert adapted < base
    # Rank 16 was measured as 24.7 million.
    assert 2 * sum(lora.values()) == pytest.approx(24.7e6, rel=0.01)


@pytest.mark.parametrize(("name", "card_gb"), [("8gb", 8), ("24gb", 24), ("80gb", 80)])
@pytest.mark.parametrize("stage", ["sft1", "sft2", "sft3"])
def test_the_presets_fit_the_cards_they_are_named_for(name: str, card_gb: int, stage: str) -> None:
    preset = PRESETS[name]
    load = Load(
        clips=preset.batch.clips_at_once,
        clip_s=preset.data.most_clip_s,
        learning=frozenset(rates(preset.phase(stage))),
        rank=preset.adapter.rank,
        dropout=preset.adapter.dropout > 0,
        gradient_checkpointing=preset.batch.gradient_checkpointing,
        four_bit=preset.model.four_bit,
    )
    assert estimate(published(), load).total_bytes < 0.8 * card_gb * 1e9


def small_config() -> Qwen3ASRConfig:
    text = {
        "hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 3, "vocab_size": 2000,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64,
        "layer_types": ["full_attention"] * 3,
    }  # fmt: skip
    audio = {
        "d_model": 128, "encoder_layers": 3, "encoder_attention_heads": 2, "output_dim": 256,
        "encoder_ffn_dim": 512, "downsample_hidden_size": 16,
    }  # fmt: skip
    return Qwen3ASRConfig(
        audio_config=audio, text_config=text, audio_token_id=AUDIO_TOKEN, pad_token_id=1,
        eos_token_id=[1],
    )  # fmt: skip


def batch(load: Load) -> tuple[dict[str, Tensor], Tensor]:
    frames = load.frames // load.clips
    ids = torch.randint(10, 1000, (load.clips, load.tokens // load.clips))
    ids[:, 8 : 8 + frames] = AUDIO_TOKEN
    mask = torch.ones_like(ids)
    mask[0, 0] = 0  # as soon as there is padding, attention takes another way
    mels = int(100 * load.clip_s)
    shown = {
        "input_ids": ids,
        "attention_mask": mask,
        "input_features": torch.randn(load.clips, 128, mels),
        "input_features_mask": torch.ones(load.clips, mels, dtype=torch.long),
    }
    return shown, torch.randint(10, 1000, (load.clips, load.answer - 1))


def peak_bytes(model: nn.Module, load: Load) -> int:
    """Most memory that torch's own allocator held during a step, beyond what it held before."""
    shown, targets = batch(load)

    def step() -> None:
        def loss() -> Tensor:
            scores = model(**shown, logits_to_keep=load.answer, use_cache=False).logits[:, :-1]
            return cross_entropy(scores.reshape(-1, 2000), targets.reshape(-1))

        loss().backward()
        model.zero_grad()

    step()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step()
    changes = []
    waiting = list(profiler.profiler.kineto_results.experimental_event_tree())
    while waiting:
        event = waiting.pop()
        waiting += event.children
        if event.tag == _EventType.Allocation:
            changes.append((event.start_time_ns, event.extra_fields.alloc_size))
    held = most = 0
    for _, change in sorted(changes):
        held += change
        most = max(most, held)
    return most


@pytest.mark.parametrize(
    ("scopes", "dropout", "checkpointing"),
    [
        (set(Scope), 0.05, False),
        (set(Scope), 0.05, True),
        ({Scope.LANGUAGE_MODEL}, 0.0, False),
        ({Scope.ENCODER, Scope.ALIGNER}, 0.05, False),
    ],
)
def test_the_reckoning_is_within_a_fifth_of_what_a_step_takes(
    scopes: set[Scope], dropout: float, checkpointing: bool
) -> None:
    torch.manual_seed(0)
    base = Qwen3ASRForConditionalGeneration(small_config()).requires_grad_(False)
    adapted = with_adapter(base, AdapterConfig(dropout=dropout), None)
    train_only(adapted, scopes)
    if checkpointing:
        checkpoint_activations(Trainee(adapted, None, Device("cpu", None, "")))
    adapted.train()
    load = Load(
        clips=4, clip_s=4.0, learning=frozenset(scopes), dropout=dropout > 0, weight_bytes=4,
        compute_bytes=4, gradient_checkpointing=checkpointing, on_cpu=True,
    )  # fmt: skip
    reckoned = estimate(base.config, load)
    in_a_step = reckoned.gradient_bytes + reckoned.activation_bytes + reckoned.scores_bytes
    assert in_a_step == pytest.approx(peak_bytes(adapted, load), rel=0.2)


def test_nothing_is_kept_of_convolutions_that_nobody_trains() -> None:
    base = Qwen3ASRForConditionalGeneration(small_config()).requires_grad_(False)
    adapted = with_adapter(base, AdapterConfig(), None)
    checkpoint_activations(Trainee(adapted, None, Device("cpu", None, "")))
    adapted.train()
    kept = []
    base.model.audio_tower.conv2d3.register_forward_hook(
        lambda module, inputs, output: kept.append(output.requires_grad)
    )
    shown, _ = batch(Load(clips=1, clip_s=1.0, learning=frozenset(Scope)))
    adapted(**shown, use_cache=False)
    assert kept == [False]
