"""Switching an adapter as the reference code does: its dense delta, added and subtracted."""

import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from engine.checkpoint.mount import ADAPTER_NAME


class DenseSwitch:
    """Adds ``B A`` into the weights of every adapted layer, and subtracts it again."""

    def __init__(self, model: nn.Module) -> None:
        self.pairs: list[tuple[Tensor, Tensor]] = []
        with torch.no_grad():
            for module in model.modules():
                if isinstance(module, LoraLayer):
                    up, down = module.lora_B[ADAPTER_NAME], module.lora_A[ADAPTER_NAME]
                    delta = up.weight.float() @ down.weight.float()
                    weight = module.get_base_layer().weight
                    self.pairs.append((weight, delta.to(weight.dtype)))
        self.on = False

    @torch.no_grad()
    def set(self, on: bool) -> None:
        """Switches, if there is anything to switch."""
        if on is not self.on:
            for weight, delta in self.pairs:
                weight.add_(delta) if on else weight.sub_(delta)
        self.on = on

    @property
    def delta_bytes(self) -> int:
        """Memory that the deltas hold."""
        return sum(delta.untyped_storage().nbytes() for _, delta in self.pairs)
