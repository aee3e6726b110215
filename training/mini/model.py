"""The network: sizes, initialisation, and a padded forward pass for training.

The parameters are those of the stock `Qwen3ASRForConditionalGeneration`; only the order of the work
differs. With `n_window_infer` 100 the encoder attends within chunks of 1 s, so training runs all
chunks of a batch as one tensor (chunks, 13, width) instead of the stock loop over windows.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.models.qwen3_asr.configuration_qwen3_asr import Qwen3ASRConfig
from transformers.models.qwen3_asr.modeling_qwen3_asr import Qwen3ASRForConditionalGeneration

from training.mini.features import BANDS
from training.mini.tokenizer import AUDIO, END_OF_TEXT, TIMESTAMP, TURN_END

CHUNK = 100  # log-mel frames of one encoder chunk, 1 s
CHUNK_TOKENS = 13
SUB_FRAMES = 2  # phone classifications per encoder frame, about 26 a second


@dataclass(frozen=True, slots=True)
class ModelSizes:
    """Sizes of encoder and decoder; they share one width."""

    width: int = 192
    encoder_layers: int = 4
    encoder_heads: int = 4
    encoder_feed_forward: int = 768
    convolution_channels: int = 32
    decoder_layers: int = 4
    decoder_heads: int = 4
    key_value_heads: int = 2
    head_dim: int = 48
    decoder_feed_forward: int = 512


def make_config(sizes: ModelSizes, tokenizer: Any) -> Any:
    """The stock configuration for these sizes and this tokenizer."""
    token = tokenizer.convert_tokens_to_ids
    ends = [token(END_OF_TEXT), token(TURN_END)]
    return Qwen3ASRConfig(
        audio_config={
            "num_mel_bins": BANDS,
            "d_model": sizes.width,
            "encoder_layers": sizes.encoder_layers,
            "encoder_attention_heads": sizes.encoder_heads,
            "encoder_ffn_dim": sizes.encoder_feed_forward,
            "downsample_hidden_size": sizes.convolution_channels,
            "output_dim": sizes.width,
            "n_window": CHUNK // 2,
            "n_window_infer": CHUNK,
            "max_position_embeddings": CHUNK_TOKENS,
        },
        text_config={
            "model_type": "qwen3",
            "vocab_size": len(tokenizer),
            "hidden_size": sizes.width,
            "intermediate_size": sizes.decoder_feed_forward,
            "num_hidden_layers": sizes.decoder_layers,
            "num_attention_heads": sizes.decoder_heads,
            "num_key_value_heads": sizes.key_value_heads,
            "head_dim": sizes.head_dim,
            "max_position_embeddings": 4096,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
            "tie_word_embeddings": True,
            "pad_token_id": token(END_OF_TEXT),
            "eos_token_id": token(TURN_END),
            "bos_token_id": None,
        },
        audio_token_id=token(AUDIO),
        timestamp_token_id=token(TIMESTAMP),
        eos_token_id=ends,
        pad_token_id=token(END_OF_TEXT),
        tie_word_embeddings=True,
    )


def make_model(config: Any, seed: int) -> Any:
    """A stock model with fan-in scaled random weights.

    The default initialisation (standard deviation 0.02) leaves so narrow a model on a plateau.
    """
    torch.manual_seed(seed)
    model = Qwen3ASRForConditionalGeneration(config)
    # At these lengths the plain kernel is a third faster than the fused one, backwards on a CPU.
    model.set_attn_implementation("eager")
    depth = config.audio_config.encoder_layers
    for name, parameter in model.named_parameters():
        if parameter.dim() < 2:
            continue
        if "embed_tokens" in name:
            nn.init.normal_(parameter, std=config.text_config.hidden_size**-0.5)
            continue
        fan_in = parameter[0].numel()
        gain = math.sqrt(2.0) if "conv2d" in name else 1.0
        if name.endswith(("out_proj.weight", "fc2.weight", "o_proj.weight", "down_proj.weight")):
            gain /= math.sqrt(2.0 * depth)
        nn.init.normal_(parameter, std=gain / math.sqrt(fan_in))
    model.generation_config.update(
        do_sample=False,
        eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id,
        max_new_tokens=160,
    )
    return model


def audio_tokens(frames: Tensor) -> Tensor:
    """Audio tokens of a clip of so many log-mel frames."""
    last = frames % CHUNK
    for _ in range(3):
        last = torch.where(last > 0, (last - 1) // 2 + 1, last)
    return last + (frames // CHUNK) * CHUNK_TOKENS


def encode(tower: Any, mels: Tensor, frames: Tensor, *, learn_convolutions: bool = True) -> Tensor:
    """Encoder outputs of a padded batch, packed.

    Args:
        tower: the stock audio tower.
        mels: (batch, 128, time) floored log-mel, time a multiple of 100, zero beyond `frames`.
        frames: (batch,) true lengths.
        learn_convolutions: whether gradients flow back into them, a quarter of a step's time.

    Returns:
        (sum of `audio_tokens(frames)`, width), clip after clip.
    """
    batch, bands, time = mels.shape
    chunks = time // CHUNK
    tiled = mels.view(batch, bands, chunks, CHUNK).permute(0, 2, 1, 3)
    starts = torch.arange(chunks) * CHUNK
    chunk_frames = (frames[:, None] - starts).clamp(0, CHUNK)
    used = chunk_frames > 0
    hidden = tiled[used][:, None]
    lengths = audio_tokens(chunk_frames[used])
    with torch.set_grad_enabled(learn_convolutions and torch.is_grad_enabled()):
        for convolution in (tower.conv2d1, tower.conv2d2, tower.conv2d3):
            hidden = functional.gelu(convolution(hidden))
    hidden = tower.conv_out(hidden.permute(0, 3, 1, 2).flatten(2))
    hidden = hidden + tower.positional_embedding.positional_embedding[:CHUNK_TOKENS]
    valid = torch.arange(CHUNK_TOKENS) < lengths[:, None]
    for layer in tower.layers:
        hidden = _encoder_layer(layer, hidden, valid)
    return tower.ln_post(hidden[valid])  # type: ignore[no-any-return]


def _encoder_layer(layer: Any, hidden: Tensor, valid: Tensor) -> Tensor:
    attention = layer.self_attn
    normal = layer.self_attn_layer_norm(hidden)

    def heads(projection: Any) -> Tensor:
        split: Tensor = projection(normal).unflatten(2, (attention.num_heads, -1))
        return split.transpose(1, 2)

    # Written out: for 13 keys torch's fused kernel is several times slower on a CPU, backwards.
    scores = heads(attention.q_proj) @ heads(attention.k_proj).transpose(2, 3) * attention.scaling
    weights = scores.masked_fill(~valid[:, None, None, :], -torch.inf).softmax(-1)
    mixed = weights @ heads(attention.v_proj)
    hidden = hidden + attention.out_proj(mixed.transpose(1, 2).flatten(2))
    inner = layer.fc1(layer.final_layer_norm(hidden))
    return hidden + layer.fc2(functional.gelu(inner))  # type: ignore[no-any-return]


def decode(model: Any, encoded: Tensor, input_ids: Tensor, attended: Tensor) -> Tensor:
    """Logits at the `attended` positions only.

    Args:
        model: the stock model.
        encoded: packed outputs of `encode`.
        input_ids: (batch, length), right-padded; audio placeholders in the order of `encoded`.
        attended: (batch, length) bool: positions whose logits are wanted.

    Returns:
        (count of attended positions, vocabulary) logits.
    """
    projected = model.model.multi_modal_projector(encoded)
    embedded = model.get_input_embeddings()(input_ids)
    places = (input_ids == model.config.audio_token_id)[..., None].expand_as(embedded)
    embedded = embedded.masked_scatter(places, projected.to(embedded.dtype))
    # Padding is on the right, so causal attention alone keeps it away from every real token.
    hidden = model.model.language_model(inputs_embeds=embedded, use_cache=False).last_hidden_state
    return model.lm_head(hidden[attended])  # type: ignore[no-any-return]


class PhoneHead(nn.Module):
    """Two phone classifications per encoder frame; a scaffold that is thrown away at the end."""

    def __init__(self, width: int, phones: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, SUB_FRAMES * (phones + 1))

    def forward(self, encoded: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Packed frames to (time, batch, phones + 1) logits, class 0 blank, and their lengths."""
        parts = [part.unflatten(1, (SUB_FRAMES, -1)).flatten(0, 1)
                 for part in self.linear(encoded).split(tokens.tolist())]  # fmt: skip
        return nn.utils.rnn.pad_sequence(parts), tokens * SUB_FRAMES
