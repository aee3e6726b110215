"""The base's matrices in 4 bits (NF4, QLoRA), where bitsandbytes is there.

Meant for a CUDA device; on a CPU it saves as much memory and is slow.
"""

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
        device: a CUDA device, or the CPU.

    Raises:
        DeviceError: another device, or bitsandbytes is not installed.
    """
    able = device.is_cpu or device.name.startswith("cuda")
    if not able or importlib.util.find_spec("bitsandbytes") is None:
        raise DeviceError(
            "A base in 4 bits needs a CUDA device, or a CPU, and the package bitsandbytes.",
            "Nothing was started.",
            'Install it (pip install "wildscribe[four-bit]"), or set four_bit = false in [model].',
        )
    import bitsandbytes as bnb

    computes_in = getattr(torch, device.half or "float32")
    for name, layer in list(model.named_modules()):
        if not isinstance(layer, nn.Linear) or not re.fullmatch(SCOPES, name):
            continue
        small = bnb.nn.Linear4bit(
            layer.in_features,
            layer.out_features,
            bias=layer.bias is not None,
            compute_dtype=computes_in,
            quant_type="nf4",
        )
        small.weight = bnb.nn.Params4bit(layer.weight.data, requires_grad=False, quant_type="nf4")
        small.bias = layer.bias
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, small)
    model.to(device.name)
    model.is_loaded_in_4bit = True  # PEFT looks for it
