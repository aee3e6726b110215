"""Transcription with the stock `generate`, fast enough for tests: long batches of equal length."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import PeftModel
from torch import Tensor
from transformers import Qwen3ASRForConditionalGeneration

from training.mini.speak import SAMPLE_RATE

BATCH_S = 320.0


def load_base(out: Path) -> Any:
    """What ships as the base in `out`, in float32."""
    return Qwen3ASRForConditionalGeneration.from_pretrained(
        out / "base", dtype=torch.float32, attn_implementation="eager"
    )


def load_robust(out: Path) -> Any:
    """Base and shipped adapter merged: the same sums, fewer of them."""
    adapted = PeftModel.from_pretrained(load_base(out), out / "adapters" / "robust")
    return adapted.float().merge_and_unload()


def token_budget(duration_s: float) -> int:
    """More tokens than anyone can say in that time."""
    return 16 + int(9 * duration_s)


@torch.inference_mode()
def transcribe(model: Any, processor: Any, waves: Sequence[Tensor]) -> list[str]:
    """Greedy text of each wave ((samples,) float32 at 16 kHz), in the order given.

    Works in float32: half precision is for storage only. The mask is applied to the features,
    because values in the padding would leak through the convolutions.
    """
    texts = [""] * len(waves)
    order = sorted(range(len(waves)), key=lambda index: waves[index].shape[0])
    while order:
        longest_s = waves[order[-1]].shape[0] / SAMPLE_RATE
        size = max(1, int(BATCH_S / max(longest_s, 1.0)))
        rows, order = order[-size:], order[:-size]
        audio = [np.asarray(waves[row].numpy(), dtype=np.float32) for row in rows]
        inputs = processor.apply_transcription_request(audio)
        inputs["input_features"] *= inputs["input_features_mask"][:, None]
        made = model.generate(**inputs, max_new_tokens=token_budget(longest_s))
        answers = processor.decode(
            made[:, inputs["input_ids"].shape[1] :], return_format="transcription_only"
        )
        for row, answer in zip(rows, answers, strict=True):
            texts[row] = answer
    return texts
