"""A trap of torch on CPUs, and the way around it."""

from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import Qwen3ASRForConditionalGeneration


def unfold_output_layer(model: "Qwen3ASRForConditionalGeneration") -> None:
    """Keeps the output layer from copying its matrix at every first token.

    The model hands it a (batch, 1, hidden) slice whose rows are not adjacent. With frozen weights
    torch then multiplies through a batched product, for which it copies the whole matrix once a
    clip: seconds, at 151,936 words. Rows that are adjacent go through a plain product. Done again,
    it does nothing.
    """
    if _adjacent_rows not in model.lm_head._forward_pre_hooks.values():
        model.lm_head.register_forward_pre_hook(_adjacent_rows)


def _adjacent_rows(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    (hidden,) = inputs
    # contiguous() alone would do nothing for one clip, whose strides still tell of the sequence.
    return (hidden.flatten(0, -2).contiguous().view(hidden.shape),)
