"""Short windows computed together are heard as they are one by one, and learnt from alike."""

from pathlib import Path

import torch
from peft import PeftModel
from torch import Tensor

from engine.checkpoint import locate
from engine.checkpoint.base import load_base
from training.data import read
from training.finetune.collate import Collator
from training.finetune.config import AdapterConfig
from training.finetune.lora import train_only, with_adapter
from training.finetune.scopes import Scope
from training.finetune.windows import attend_at_once


def scores(model: PeftModel, batch: dict[str, Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Scores of a batch, and the gradients of their sum of squares."""
    shown = {name: tensor for name, tensor in batch.items() if name != "labels"}
    logits = model(**shown, use_cache=False).logits
    learning = [p for p in model.parameters() if p.requires_grad]
    return logits, list(torch.autograd.grad(logits.square().mean(), learning))


def test_the_same_scores_and_the_same_gradients(mini: Path, manifest: Path) -> None:
    base, processor = load_base(locate(mini), "cpu", torch.float32)
    model = with_adapter(base, AdapterConfig(dropout=0.0), None)
    train_only(model, {Scope.ENCODER})
    clips, _ = read([manifest], "", manifest.parent)
    batch = Collator(processor)([clips])  # of 0.6 to 1.6 s: whole windows and parts of one
    expected, slopes = scores(model, batch)
    attend_at_once(base)
    found, own = scores(model, batch)
    mask = batch["attention_mask"].bool()
    torch.testing.assert_close(found[mask], expected[mask], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(own, slopes, atol=1e-5, rtol=1e-3)


def test_a_model_with_long_windows_is_left_alone(mini: Path) -> None:
    base, _ = load_base(locate(mini), "cpu", torch.float32)
    base.model.audio_tower.n_window_infer = 800
    attend_at_once(base)
    assert "forward" not in vars(base.model.audio_tower.layers[0].self_attn)
