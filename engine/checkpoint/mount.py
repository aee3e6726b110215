"""Puts a canonical adapter onto a model, as an unmerged LoRA of PEFT."""

import re
from typing import TYPE_CHECKING

import torch
from peft import LoraConfig, inject_adapter_in_model, set_peft_model_state_dict
from torch import nn

from engine.checkpoint.adapter import Adapter
from engine.errors import KeyMismatchError

if TYPE_CHECKING:
    from transformers import Qwen3ASRForConditionalGeneration

ADAPTER_NAME = "robust"


def mount(model: "Qwen3ASRForConditionalGeneration", adapter: Adapter) -> None:
    """Injects the adapter, in the model's own dtype and on its device; the base stays untouched.

    Raises:
        KeyMismatchError: the adapter speaks of modules the model lacks, lacks tensors for modules
            it speaks of, or has other shapes.
    """
    linears = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    _refuse_misfits(linears, adapter)
    config = LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.rank,
        lora_dropout=0.0,
        target_modules="|".join(re.escape(name) for name in adapter.down),
    )
    inject_adapter_in_model(config, model, ADAPTER_NAME, low_cpu_mem_usage=True)
    tensors = {}
    for name in adapter.down:
        weight = linears[name].weight
        for side, tensor in (("A", adapter.down[name]), ("B", adapter.up[name])):
            tensors[f"{name}.lora_{side}.weight"] = tensor.to(weight.device, weight.dtype)
    outcome = set_peft_model_state_dict(model, tensors, ADAPTER_NAME, low_cpu_mem_usage=True)
    if outcome.unexpected_keys:
        raise KeyMismatchError(f"The model has no place for {outcome.unexpected_keys[0]}.")
    model.requires_grad_(False)


def _refuse_misfits(linears: dict[str, nn.Linear], adapter: Adapter) -> None:
    absent = sorted(set(adapter.down) - set(linears))
    if absent:
        raise KeyMismatchError(f"The adapter changes {absent[0]}, which the model does not have.")
    untold = sorted(n for n in linears if adapter.speaks_of(n) and n not in adapter.down)
    if untold:
        raise KeyMismatchError(f"The adapter lacks the tensors of {untold[0]}.")
    for name, down in adapter.down.items():
        shape = torch.Size((adapter.up[name].shape[0], down.shape[1]))
        if shape != linears[name].weight.shape:
            raise KeyMismatchError(
                f"The adapter is made for another model: {name} is "
                f"{tuple(linears[name].weight.shape)}, its delta {tuple(shape)}."
            )
