"""Clips -> one training batch: what the model hears, what it shall write, and nothing else.

The prompt is exactly the one of inference (`engine.recognizer`), clip by clip, so that no clip
notices its batch mates. Prompts are padded on the left and targets on the right::

    . . prompt of a short clip | target | end .  .
    the prompt of a longer one | longer target | end

so that all targets begin in the same column and the output layer, 151,936 words wide, is computed
for those columns alone.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import pad

from engine.audio import load
from engine.recognizer import Clip
from engine.recognizer.inputs import make_batch
from training.data import Example
from training.data.example import TEXT_MARK

if TYPE_CHECKING:
    from transformers import Qwen3ASRProcessor

IGNORED = -100
"""Label of a column that is no target."""

END_MARK = "<|im_end|>"


def target_ids(processor: "Qwen3ASRProcessor", example: Example) -> list[int]:
    """Tokens that the model shall write: tag, words, end mark, and no newline behind it.

    Marks that stand in the words themselves are taken as plain characters.
    """
    tokenizer = processor.tokenizer
    tag: list[int] = tokenizer.encode(f"language {example.language}", add_special_tokens=False)
    words: list[int] = tokenizer.encode(
        example.text, add_special_tokens=False, split_special_tokens=True
    )
    mark, end = tokenizer.convert_tokens_to_ids([TEXT_MARK, END_MARK])
    return [*tag, mark, *words, end]


class Collator:
    """Callable of a data loader: a list of one batch of clips -> tensors on the CPU.

    Returns, for B clips, T tokens and K of them from the last of the prompt on:
    ``input_ids``, ``attention_mask`` and ``position_ids`` (B, T); ``labels`` (B, K), the first
    column ignored; ``input_features`` (B, mels, frames) float32 and ``input_features_mask``.
    """

    def __init__(self, processor: "Qwen3ASRProcessor") -> None:
        self._processor = processor

    def __call__(self, items: Sequence[Sequence[Example]]) -> dict[str, Tensor]:
        (examples,) = items
        clips = [Clip(load(e.audio), context=e.prompt) for e in examples]
        rows = [
            make_batch(self._processor, [clip], torch.float32, torch.device("cpu")).tensors
            for clip in clips
        ]
        targets = [torch.tensor(target_ids(self._processor, e)) for e in examples]
        return _joined(rows, targets, self._processor.tokenizer.pad_token_id)


def _joined(
    rows: Sequence[dict[str, Tensor]], targets: Sequence[Tensor], filler: int
) -> dict[str, Tensor]:
    prompt = max(row["input_ids"].shape[1] for row in rows)
    answer = max(len(target) for target in targets)
    frames = max(row["input_features"].shape[2] for row in rows)
    ids, masks, labels = [], [], []
    for row, target in zip(rows, targets, strict=True):
        before, behind = prompt - row["input_ids"].shape[1], answer - len(target)
        whole = torch.cat([row["input_ids"][0], target])
        ids.append(pad(whole, (before, behind), value=filler))
        masks.append(pad(torch.ones_like(whole), (before, behind)))
        labels.append(pad(target, (1, behind), value=IGNORED))
    mask = torch.stack(masks)
    features = {
        name: torch.cat([pad(row[name], (0, frames - row[name].shape[-1])) for row in rows])
        for name in ("input_features", "input_features_mask")
    }
    return {
        "input_ids": torch.stack(ids),
        "attention_mask": mask,
        "position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0),
        "labels": torch.stack(labels),
        **features,
    }
