"""The base's matrices in 4 bits (NF4, QLoRA), where there is a CUDA device and bitsandbytes."""

import importlib.util
import re
from typing import TYPE_CHECKING

import torch
from torch import nn

from engine.checkpoint.names import SCOPES
from engine.device import Device
from engine.errors import DeviceError

if TYPE_CHECKING:
    from transformers import Qwen3ASRForConditionalGeneration


def quantize(model: "Qwen3ASRForConditionalGeneration", device: Device) -> None:
    """Puts 4-bit layers in place of those that the adapter acts on, and moves all to the device.

    Convolutions, norms, embeddings and the output layer stay as they are.

    Args:
        model: on the CPU, frozen.
        device: a CUDA device.

    Raises:
        DeviceError: no CUDA device, or bitsandbytes is not installed.
    """
    if not device.name.startswith("cuda") or importlib.util.find_spec("bitsandbytes") is None:
        raise DeviceError(
            "A base in 4 bits needs a CUDA device and the package bitsandbytes.",
            "Nothing was started.",
            "Install bitsandbytes, or set four_bit = false under [model].",
        )
    import bitsandbytes as bnb

    half = torch.bfloat16 if device.half == "bfloat16" else torch.float16
    for name, layer in list(model.named_modules()):
        if not isinstance(layer, nn.Linear) or not re.fullmatch(SCOPES, name):
            continue
        small = bnb.nn.Linear4bit(
            layer.in_features,
            layer.out_features,
            bias=layer.bias is not None,
            compute_dtype=half,
            quant_type="nf4",
        )
        small.weight = bnb.nn.Params4bit(layer.weight.data, requires_grad=False, quant_type="nf4")
        small.bias = layer.bias
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, small)
    model.to(device.name)
    model.is_loaded_in_4bit = True  # PEFT looks for it
