"""Clips -> tensors of one batch, such that no clip can notice its batch mates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from engine.languages import resolve
from engine.recognizer.clip import Clip
from engine.recognizer.gates import BatchShape

if TYPE_CHECKING:
    from transformers import Qwen3ASRProcessor

_MARKS = re.compile(r"<\|[^|<>]*\|>|<asr_text>")
"""What steers the prompt and must not come in with a person's hot words."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch, on the device of the model.

    Attributes:
        tensors: keyword arguments of the model: ``input_ids`` and ``attention_mask``, shape
            (batch, tokens), padded on the left; ``input_features``, shape (batch, mels, frames),
            and ``input_features_mask``, padded on the right with zeros to whole chunks.
        gates: weight of the adapter, shape (batch,), dtype of the model.
        shape: how the encoder packs it.
    """

    tensors: dict[str, Tensor]
    gates: Tensor
    shape: BatchShape

    @property
    def positions(self) -> Tensor:
        """Position of each token, counted from the first real one; shape (batch, tokens)."""
        return (self.tensors["attention_mask"].cumsum(dim=1) - 1).clamp(min=0)


def make_batch(
    processor: "Qwen3ASRProcessor", clips: Sequence[Clip], dtype: torch.dtype, device: torch.device
) -> Batch:
    """Prepares each clip alone and pads afterwards.

    The processor would pad the samples of a batch first: then the last log-mel frames of a clip
    depend on whether silence follows, and the padding's log-mel values, which are not zero, leak
    into it through the convolutions (a difference of 1e-2 in the logits).
    """
    rows = [_row(processor, clip) for clip in clips]
    tokens = max(row["input_ids"].shape[1] for row in rows)
    frames = max(row["input_features"].shape[2] for row in rows)
    left = {
        "input_ids": processor.tokenizer.pad_token_id,
        "attention_mask": 0,
    }
    tensors = {
        name: torch.cat([pad(r[name], (tokens - r[name].shape[1], 0), value=v) for r in rows])
        for name, v in left.items()
    }
    for name in ("input_features", "input_features_mask"):
        tensors[name] = torch.cat([pad(r[name], (0, frames - r[name].shape[-1])) for r in rows])
    tensors["input_features"] = tensors["input_features"].to(dtype)
    tensors = {name: tensor.to(device) for name, tensor in tensors.items()}
    chunk = 2 * processor.feature_extractor.n_window
    heard = tensors["input_ids"] == processor.audio_token_id
    return Batch(
        tensors=tensors,
        gates=torch.tensor([clip.gate for clip in clips], dtype=dtype, device=device),
        shape=BatchShape(chunks=frames // chunk, frames=heard.sum(dim=1)),
    )


def _row(processor: "Qwen3ASRProcessor", clip: Clip) -> dict[str, Tensor]:
    """One clip as the processor gives it; anything under 0.5 s has been filled up with silence."""
    inputs: dict[str, Any] = processor.apply_transcription_request(
        [clip.samples],
        language=resolve(clip.language),
        prompt=_MARKS.sub("", clip.context) or None,
    )
    mask = inputs["input_features_mask"]
    return {
        "input_ids": inputs["input_ids"],
        "attention_mask": inputs["attention_mask"],
        "input_features": inputs["input_features"] * mask[:, None],
        "input_features_mask": mask,
    }
