"""The adapter while it learns: made, loaded, and written in the form that the engine reads."""

import json
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors.torch
from peft import (
    LoraConfig,
    PeftModel,
    get_peft_model,
    get_peft_model_state_dict,
    set_peft_model_state_dict,
)
from safetensors import SafetensorError
from torch import Tensor, nn

from engine.checkpoint.adapter import Adapter, read_adapter
from engine.checkpoint.folder import read_json
from engine.checkpoint.mount import ADAPTER_NAME
from engine.checkpoint.names import SCOPES
from engine.errors import KeyMismatchError, LayoutError
from training.finetune.config import AdapterConfig
from training.finetune.scopes import Scope, scope_of

if TYPE_CHECKING:
    from transformers import Qwen3ASRForConditionalGeneration

_WEIGHTS = "adapter_model.safetensors"
_CONFIG = "adapter_config.json"
_PREFIX = "base_model.model."


def with_adapter(
    model: "Qwen3ASRForConditionalGeneration", config: AdapterConfig, start: Path | None
) -> PeftModel:
    """The model with a LoRA on every module of the three scopes; nothing else will ever learn.

    The LoRA is float32 whatever the base is. A fresh one adds nothing: its B is zero. Its A is
    drawn from torch's own random numbers, so seed them first.

    Args:
        model: the frozen base.
        config: rank and alpha of a fresh one; dropout.
        start: folder of an adapter to go on from. One that `save_adapter` wrote is taken as it
            is; any other that `engine.checkpoint` reads is brought into canonical form first
            (alpha equal to the rank), with fresh modules where it has none.

    Raises:
        ModelError: the adapter cannot be read, or is made for another model.
    """
    if start is None:
        return _injected(model, config.rank, config.alpha, config.dropout)
    stored = read_json(start / _CONFIG)
    if stored.get("target_modules") == SCOPES:
        adapted = _injected(model, stored["r"], stored["lora_alpha"], config.dropout)
        load_weights(adapted, start)
        return adapted
    adapter = read_adapter(start)
    adapted = _injected(model, adapter.rank, adapter.rank, config.dropout)
    _set(adapted, _named(adapter), start, partly=True)
    return adapted


def save_adapter(model: PeftModel, folder: Path) -> None:
    """Writes the adapter into an existing folder, in PEFT's format, as safetensors.

    Raises:
        OSError: it could not be written.
    """
    tensors = get_peft_model_state_dict(model, adapter_name=ADAPTER_NAME)
    content = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    (folder / _WEIGHTS).write_bytes(safetensors.torch.save(content, metadata={"format": "pt"}))
    config = model.peft_config[ADAPTER_NAME]
    row: dict[str, Any] = {
        "peft_type": "LORA",
        "r": config.r,
        "lora_alpha": config.lora_alpha,
        "lora_dropout": config.lora_dropout,
        "target_modules": SCOPES,
        "bias": "none",
        "inference_mode": True,
    }
    text = json.dumps(row, indent=2) + "\n"
    (folder / _CONFIG).write_text(text, encoding="utf-8", newline="\n")


def load_weights(model: PeftModel, folder: Path) -> None:
    """Brings back exactly the weights that `save_adapter` wrote.

    Raises:
        LayoutError: the file cannot be read.
        KeyMismatchError: it is made for another model, or of another rank.
    """
    try:
        tensors = safetensors.torch.load_file(folder / _WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise LayoutError(f"{folder / _WEIGHTS} cannot be read: {error}.") from error
    _set(model, tensors, folder, partly=False)


def train_only(model: PeftModel, scopes: set[Scope]) -> dict[Scope, list[nn.Parameter]]:
    """Lets the LoRA of some scopes learn and holds everything else still.

    Returns:
        The parameters of each scope, in the order of the model.
    """
    chosen: dict[Scope, list[nn.Parameter]] = {scope: [] for scope in Scope if scope in scopes}
    for name, parameter in model.named_parameters():
        scope = _scope_of_parameter(name)
        parameter.requires_grad_(scope in chosen)
        if scope in chosen:
            chosen[scope].append(parameter)
    return chosen


def _injected(model: nn.Module, rank: int, alpha: float, dropout: float) -> PeftModel:
    config = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=SCOPES)
    with warnings.catch_warnings():
        # PEFT 0.21 asks transformers 5.23 by an old name.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated")
        return get_peft_model(model, config, adapter_name=ADAPTER_NAME)


def _named(adapter: Adapter) -> dict[str, Tensor]:
    down = {f"{_PREFIX}{name}.lora_A.weight": t for name, t in adapter.down.items()}
    return down | {f"{_PREFIX}{name}.lora_B.weight": t for name, t in adapter.up.items()}


def _set(model: PeftModel, tensors: dict[str, Tensor], folder: Path, *, partly: bool) -> None:
    own = get_peft_model_state_dict(model, adapter_name=ADAPTER_NAME)
    unknown, missing = tensors.keys() - own.keys(), own.keys() - tensors.keys()
    misshapen = {
        name for name in own.keys() & tensors.keys() if own[name].shape != tensors[name].shape
    }
    wrong = sorted(unknown | misshapen | (set() if partly else missing))
    if wrong:
        raise KeyMismatchError(
            f"The adapter {folder} does not fit the model at {len(wrong)} tensors, "
            f"first {wrong[0]}.",
            "Nothing was changed.",
            "Use an adapter that was made for this base model.",
        )
    set_peft_model_state_dict(model, tensors, adapter_name=ADAPTER_NAME)


def _scope_of_parameter(name: str) -> Scope | None:
    match = re.fullmatch(rf"{re.escape(_PREFIX)}(.+)\.lora_[AB]\.{ADAPTER_NAME}\.weight", name)
    return scope_of(match[1]) if match else None
