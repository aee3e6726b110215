"""The encoder's attention over short windows, all of them at once.

Without FlashAttention transformers goes through the windows of a batch one by one. That is right
where a window is a whole clip. Mini's windows are 1 s, 13 frames: then thousands of products too
small to be worth their calls are a quarter of a step.
"""

from types import MethodType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import Qwen3ASRForConditionalGeneration

FRAMES_A_CHUNK = 13
SHORT_FRAMES = 32
"""Longer windows stay with the kernels of torch, which keep no scores for the way back."""


def attend_at_once(model: "Qwen3ASRForConditionalGeneration") -> None:
    """Makes the audio encoder compute short windows together; the same sums, fewer calls.

    A model whose windows are longer, or one clip each, is left as it is.
    """
    tower = model.model.audio_tower
    chunks = tower.n_window_infer // (2 * tower.n_window)
    if chunks * FRAMES_A_CHUNK > SHORT_FRAMES:
        return
    for layer in tower.layers:
        layer.self_attn.forward = MethodType(_forward, layer.self_attn)


def _forward(attention: Any, hidden_states: Tensor, cu_seqlens: Tensor, **_: Any) -> Tensor:
    """In place of `Qwen3ASRAudioAttention.forward`; frames of all windows in one sequence."""
    lengths = cu_seqlens.diff()
    longest = int(lengths.max())
    valid = torch.arange(longest, device=lengths.device) < lengths[:, None]
    places = valid.flatten().nonzero().squeeze(1)

    def heads(projection: Any) -> Tensor:
        """(windows, heads, frames, width); zeros behind the end of a window."""
        packed: Tensor = projection(hidden_states)
        spread = packed.new_zeros(valid.numel(), packed.shape[1]).index_copy(0, places, packed)
        return spread.view(*valid.shape, attention.num_heads, -1).transpose(1, 2)

    query, key, value = map(heads, (attention.q_proj, attention.k_proj, attention.v_proj))
    # Written out: for so few keys torch's fused kernel is several times slower on a CPU, backwards.
    scores = (query @ key.transpose(2, 3) * attention.scaling).float()
    weights = scores.masked_fill(~valid[:, None, None, :], -torch.inf).softmax(-1)
    mixed = (weights.to(value.dtype) @ value).transpose(1, 2).flatten(2).flatten(0, 1)
    out: Tensor = attention.out_proj(mixed.index_select(0, places))
    return out
