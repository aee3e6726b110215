"""How much memory a training step will take, reckoned before anything is loaded.

Counted are the tensors that are alive at the worst moment of a step: weights, adapter, gradients
and optimiser states always; then what autograd keeps of a layer, which is what the formulas below
say; then the scores over the vocabulary in several copies. Frozen linear layers keep nothing, their
LoRA keeps its (dropped-out) input; a layer behind which nothing learns keeps nothing at all.
Allocators round up and libraries want their workspace: leave a tenth free.
"""

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from training.finetune.scopes import Scope, scope_of

if TYPE_CHECKING:
    from transformers import Qwen3ASRConfig

FRAMES_A_SECOND = 13
"""Audio tokens in a second, in the encoder's layers and in the language model."""

PROMPT_TOKENS = 16
TOKENS_A_SECOND = 4.0
"""Target tokens in a second of fast speech; the tag and the end mark come on top."""
TAG_TOKENS = 5

_CONV_FRAMES = 50
"""Frames that the first convolution makes of a second; its stride is 2."""

_NF4_BYTES = 0.5 + 4.0 / 64.0
"""Bytes of a weight in NF4: half, and a float32 scale for each block of 64."""

_TILE = (4096, 32768)
"""Tokens and words of which TRL has scores at one time."""
_TILE_CPU_BYTES = 28
"""For each of them on a CPU: seven copies in float32."""

_SAMPLED_BYTES = 28
"""Of a score of a next token: seven copies in float32 on the way to what is drawn."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is in memory at once.

    Attributes:
        clips: clips in a batch.
        clip_s: length that they are padded to, s.
        learning: scopes whose LoRA learns.
        rank: of the LoRA.
        dropout: whether there is any.
        weight_bytes: of one weight of the base: 4, or 2 in half precision.
        compute_bytes: of one activation.
        gradient_checkpointing: keep a layer's input only, and compute the rest again.
        four_bit: the base's matrices are in NF4.
        on_cpu: a CPU keeps the mask of a dropout as numbers, a GPU as bytes.
        rollouts: of each clip, learnt from side by side; 0 where a clip has one answer, its text.
        most_tokens: of a rollout.
        sampled_clips: clips whose rollouts are sampled at once.
        sampled_rollouts: of each of them.
    """

    clips: int
    clip_s: float
    learning: frozenset[Scope]
    rank: int = 8
    dropout: bool = True
    weight_bytes: int = 2
    compute_bytes: int = 2
    gradient_checkpointing: bool = True
    four_bit: bool = False
    on_cpu: bool = False
    rollouts: int = 0
    most_tokens: int = 0
    sampled_clips: int = 0
    sampled_rollouts: int = 0

    @property
    def frames(self) -> int:
        """Audio frames behind the convolutions, of all clips."""
        return self.clips * math.ceil(self.clip_s * FRAMES_A_SECOND)

    @property
    def answer(self) -> int:
        """Columns of the sequence that the output layer is computed for, of one clip."""
        return 1 + TAG_TOKENS + math.ceil(self.clip_s * TOKENS_A_SECOND)

    @property
    def tokens(self) -> int:
        """Tokens in the language model, of all clips."""
        own = self.rollouts * (1 + self.most_tokens) or self.answer
        return self.frames + self.clips * (PROMPT_TOKENS + own)


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes at the worst moment of a step, by what they are for."""

    base_bytes: int
    adapter_bytes: int
    gradient_bytes: int
    optimizer_bytes: int
    activation_bytes: int
    scores_bytes: int
    sampling_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """All together."""
        return sum(getattr(self, field.name) for field in fields(self))


def estimate(config: "Qwen3ASRConfig", load: Load) -> MemoryEstimate:
    """Memory of one training step of a model of these sizes."""
    base, adapted, lora = parameter_counts(config, load.rank)
    learning = sum(lora[scope] for scope in load.learning)
    matrix_bytes = _NF4_BYTES if load.four_bit else load.weight_bytes
    kept, again, convolved = _activations(config, load)
    # One after the other: convolutions, scores, and layers that are computed again.
    worst = max(again, _scores(config, load))
    in_a_step = max(kept + worst, convolved)
    return MemoryEstimate(
        base_bytes=int((base - adapted) * load.weight_bytes + adapted * matrix_bytes),
        adapter_bytes=4 * sum(lora.values()),
        gradient_bytes=4 * learning,
        optimizer_bytes=8 * learning,
        activation_bytes=int(max(kept + again, convolved)),
        scores_bytes=int(in_a_step - max(kept + again, convolved)),
        sampling_bytes=int(max(0.0, _sampling(config, load) - in_a_step)),
    )


def parameter_counts(config: "Qwen3ASRConfig", rank: int) -> tuple[int, int, dict[Scope, int]]:
    """Parameters of the base, those of them that a LoRA acts on, and those of the LoRA by scope.

    The model is built without any memory, on torch's meta device.
    """
    import torch
    from torch import nn
    from transformers import Qwen3ASRForConditionalGeneration

    with torch.device("meta"):
        model = Qwen3ASRForConditionalGeneration(config)
        model.tie_weights()
    lora = dict.fromkeys(Scope, 0)
    adapted = 0
    for name, module in model.named_modules():
        scope = scope_of(name)
        if scope is not None and isinstance(module, nn.Linear):
            lora[scope] += rank * (module.in_features + module.out_features)
            adapted += module.weight.numel()
    return sum(p.numel() for p in model.parameters()), adapted, lora


def _activations(config: "Qwen3ASRConfig", load: Load) -> tuple[float, float, float]:
    """Bytes that autograd keeps until the loss; of the largest layer, where layers are computed
    again; and of the convolutions, which are gone when the layers begin."""
    audio, text = config.audio_config, config.text_config
    seconds = load.clips * math.ceil(load.clip_s)
    channels = audio.downsample_hidden_size
    convolved = _convolved(config, seconds) * load.compute_bytes
    width = load.tokens * text.hidden_size
    stacks = [(text.num_hidden_layers, width, load.tokens * _language_layer(config, load))]
    kept = 2.0 * width * load.compute_bytes
    if load.rollouts:  # who sees whom, of a clip
        kept += load.clips * (load.tokens // load.clips) ** 2 * load.compute_bytes
    if {Scope.ENCODER, Scope.ALIGNER} & load.learning:
        frame = load.frames * audio.d_model
        stacks.append((audio.num_hidden_layers, frame, load.frames * _encoder_layer(config, load)))
        steps = seconds * FRAMES_A_SECOND * channels * audio.num_mel_bins // 8
        kept += (steps + 2 * frame) * _lora_input(load, Scope.ALIGNER)
        kept += 2 * frame * load.compute_bytes
    if not load.gradient_checkpointing:
        return kept + sum(count * layer for count, _, layer in stacks), 0.0, convolved
    kept += sum(count * inputs * load.compute_bytes for count, inputs, _ in stacks)
    return kept, max(layer for _, _, layer in stacks), convolved


def _convolved(config: "Qwen3ASRConfig", seconds: int) -> int:
    """Numbers that go into and come out of the GELU behind the first convolution."""
    audio = config.audio_config
    bands: int = audio.num_mel_bins // 2
    width: int = audio.downsample_hidden_size
    return 2 * seconds * _CONV_FRAMES * bands * width


def _sampling(config: "Qwen3ASRConfig", load: Load) -> float:
    """Bytes of keys and values of prompts and answers, and of the scores of a next token; or of
    the convolutions, which come before."""
    rows = load.sampled_clips * load.sampled_rollouts
    if not rows:
        return 0.0
    text = config.text_config
    tokens = load.frames // load.clips + PROMPT_TOKENS + load.most_tokens
    keys = 2 * text.num_key_value_heads * text.head_dim
    layer = rows * tokens * keys * load.weight_bytes
    scores = rows * text.vocab_size * _SAMPLED_BYTES
    # A layer's are copied while a token is added to them.
    cache = layer * text.num_hidden_layers + max(layer, scores)
    convolved = _convolved(config, load.sampled_clips * math.ceil(load.clip_s)) * load.weight_bytes
    return float(max(cache, convolved))


def _lora_input(load: Load, scope: Scope) -> float:
    """Bytes kept for one element that goes into a LoRA: the mask, and what comes out of it."""
    mask = (load.compute_bytes if load.on_cpu else 1) if load.dropout else 0
    kept = load.compute_bytes if scope in load.learning else 0
    return mask + kept


def _encoder_layer(config: "Qwen3ASRConfig", load: Load) -> float:
    """Bytes kept of one frame: norm inputs, q, k, v and the attention's output, GELU's input."""
    width: int = config.audio_config.d_model
    inner: int = config.audio_config.intermediate_size
    plain = (2 + 4) * width + inner
    if not load.dropout and Scope.ENCODER in load.learning:
        # Shared by all that read it, instead of dropped out for each.
        inputs = 2 * width + inner
        return (plain + inputs + 6 * load.rank) * load.compute_bytes
    into_lora = 5 * width + inner
    own = 6 * load.rank if Scope.ENCODER in load.learning else 0
    return (plain + own) * load.compute_bytes + into_lora * _lora_input(load, Scope.ENCODER)


def _language_layer(config: "Qwen3ASRConfig", load: Load) -> float:
    """Bytes kept of one token: norms compute in float32, keys and values are repeated by head."""
    text = config.text_config
    width: int = text.hidden_size
    inner: int = text.intermediate_size
    queries: int = text.num_attention_heads * text.head_dim
    keys: int = text.num_key_value_heads * text.head_dim
    normed = 4 * (2 * width + queries + keys)
    plain = 4 * queries + 3 * inner
    scope = Scope.LANGUAGE_MODEL
    if not load.dropout and scope in load.learning:
        inputs = 2 * width + inner
        return normed + (plain + inputs + 7 * load.rank) * load.compute_bytes
    into_lora = 5 * width + queries + inner
    own = 7 * load.rank if scope in load.learning else 0
    return normed + (plain + own) * load.compute_bytes + into_lora * _lora_input(load, scope)


def _scores(config: "Qwen3ASRConfig", load: Load) -> float:
    """Bytes of the scores: in half precision as they come, then in float32, those chosen, and
    their logarithms of softmax; the way back needs no more. Those of rollouts come in tiles."""
    if load.rollouts:
        # A GPU has a kernel that leaves out the prompt, and folds a tile as it comes.
        answers = load.tokens if load.on_cpu else load.clips * load.rollouts * load.most_tokens
        rows, columns = min(_TILE[0], answers), min(_TILE[1], config.text_config.vocab_size)
        copies = _TILE_CPU_BYTES if load.on_cpu else 0
        return float(rows * (_TILE[1] * load.compute_bytes + columns * copies))
    numbers: int = load.clips * load.answer * config.text_config.vocab_size
    return numbers * (12.0 + (2.0 if load.compute_bytes == 2 else 0.0))
