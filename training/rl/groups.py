"""Batches of rollouts as tensors: taken apart by clip, put together, left out of the loss.

A batch is what TRL's trainer makes of some prompts, by its names: ``prompt_ids`` and
``prompt_mask``, padded on the left; ``completion_ids`` and ``completion_mask``, padded on the
right; whatever else has one row a rollout; and ``num_items_in_batch``, the number of tokens that
the loss is divided by. Ours are ``input_features`` (mels, frames) and ``input_features_mask``
(frames), padded on the right, with one row a clip. The rollouts of a clip stand together, and every
clip has as many.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

Batch = dict[str, Tensor]

TOKENS = "num_items_in_batch"
FEATURES = ("input_features", "input_features_mask")
_PADDED_LEFT = frozenset({"prompt_ids", "prompt_mask"})


def rows(batch: Batch, start: int, stop: int) -> Batch:
    """Some rollouts, with the audio of the clips that they are of; nothing that belongs to all."""
    whole = {name: t for name, t in batch.items() if t.ndim > 0}
    rollouts = next(len(t) for name, t in whole.items() if name not in FEATURES)
    each = rollouts // len(whole[FEATURES[0]])
    clips = slice(start // each, (stop - 1) // each + 1)
    return {name: t[clips if name in FEATURES else slice(start, stop)] for name, t in whole.items()}


def parts(batch: Batch, count: int) -> list[Batch]:
    """Equal parts, in order, each with what belongs to all."""
    size = len(batch["completion_ids"]) // count
    return [rows(batch, n * size, (n + 1) * size) | {TOKENS: batch[TOKENS]} for n in range(count)]


def muted(batch: Batch) -> Batch:
    """The same rows without a single token that counts."""
    return batch | {"completion_mask": torch.zeros_like(batch["completion_mask"])}


def joined(batches: Sequence[Batch], filler: int) -> Batch:
    """Rows of several batches in one, and how many of their tokens count.

    Args:
        batches: at least one, all with the same names.
        filler: the token that pads.
    """
    whole = {
        name: torch.cat(_equal([b[name] for b in batches], name, filler)) for name in batches[0]
    }
    return whole | {TOKENS: whole["completion_mask"].sum()}


def _equal(tensors: list[Tensor], name: str, filler: int) -> list[Tensor]:
    if tensors[0].ndim == 1:
        return tensors
    width = max(tensor.shape[-1] for tensor in tensors)
    value = filler if name.endswith("_ids") else 0
    padded = []
    for tensor in tensors:
        missing = width - tensor.shape[-1]
        sides = (missing, 0) if name in _PADDED_LEFT else (0, missing)
        padded.append(pad(tensor, sides, value=value))
    return padded
