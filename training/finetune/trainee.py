"""A model that learns: base, adapter and processor, and hearing with it on the way."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer

from engine.checkpoint import ModelFolder
from engine.checkpoint.base import load_base, stored_dtype
from engine.checkpoint.mount import ADAPTER_NAME
from engine.device import Device, choose, pick_dtype
from engine.models import located
from engine.recognizer import Recognizer
from training.finetune.config import ModelConfig, RunConfig
from training.finetune.lora import with_adapter
from training.finetune.quantize import quantize
from training.finetune.run import Run
from training.finetune.windows import attend_at_once

if TYPE_CHECKING:
    from transformers import Qwen3ASRForConditionalGeneration, Qwen3ASRProcessor


@dataclass(frozen=True, slots=True)
class Trainee:
    """A base model with an adapter that may learn.

    Attributes:
        model: the base under PEFT.
        processor: of the base.
        device: where it computes.
    """

    model: PeftModel
    processor: "Qwen3ASRProcessor"
    device: Device

    @property
    def base(self) -> "Qwen3ASRForConditionalGeneration":
        """The model itself, with the adapter inside."""
        return self.model.get_base_model()

    @contextmanager
    def hearing(self) -> Iterator[Recognizer]:
        """A recogniser on the model as it is now; afterwards it learns on as if nothing happened.

        The base route (gate 0) is the base, the robust route (gate 1) the adapter as it is.
        """
        learning = {name for name, p in self.model.named_parameters() if p.requires_grad}
        in_training = self.model.training
        self.model.eval()
        try:
            yield Recognizer(self.base, self.processor, self.device)
        finally:
            for module in self.base.modules():
                if isinstance(module, LoraLayer):
                    module.set_adapter([ADAPTER_NAME])
            for name, parameter in self.model.named_parameters():
                parameter.requires_grad_(name in learning)
            self.model.train(in_training)


def load_trainee(run: Run, stage: str) -> Trainee:
    """The model that a stage begins with; a fresh adapter comes from the run's seed.

    Raises:
        ModelError: base or adapter cannot be used.
        DeviceError: the device cannot be used, or not as asked.
    """
    config: RunConfig = run.config
    folder, device, dtype = place(config.model)
    base, processor = load_base(folder, "cpu" if config.model.four_bit else device.name, dtype)
    if config.model.four_bit:
        quantize(base, device)
    attend_at_once(base)
    torch.manual_seed(config.seed)
    model = with_adapter(base, config.adapter, run.starting_adapter(stage))
    return Trainee(model, processor, device)


def autocast_dtype(device: Device, config: ModelConfig) -> str | None:
    """The half precision that training computes in, weights aside; None for float32.

    A CPU without instructions for bfloat16 would imitate them, slowly.
    """
    if not device.is_cpu or config.compute == "auto":
        return device.half
    able = torch.cpu.get_capabilities()
    return "bfloat16" if able.get("avx512_bf16") or able.get("amx_bf16") else None


def place(config: ModelConfig) -> tuple[ModelFolder, Device, torch.dtype]:
    """Where the base is, what it runs on, and in which precision. Raises as `load_trainee`."""
    # An adapter that came with the base is another one than that which learns.
    folder = replace(located(config.path), adapter=None)
    device = choose(config.device)
    own = os.environ.get("LOCAL_RANK")
    if device.name == "cuda" and own is not None:
        device = choose(f"cuda:{own}")
    return folder, device, pick_dtype(device, stored_dtype(folder), config.precision)
