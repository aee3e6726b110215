"""What a thousand switches of the route leave behind in the base's weights, in bfloat16."""

from dataclasses import replace
from pathlib import Path

import soundfile
import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor

from engine.checkpoint import locate
from engine.recognizer import Clip, Recognizer
from tests.bench.dense import DenseSwitch
from tests.bench.published import SHIPPED

SPEECH = Path(__file__).parents[1] / "fixtures" / "mega-asr-layout" / "kettle.wav"
SWITCHES = 1_000
PASSES = 50
"""Switches after which the model is run, too; the others only open and shut the gates."""


def measure(model: Path = SHIPPED) -> list[str]:
    """Lines to print."""
    recognizer = Recognizer.load(locate(model), "cpu", "bfloat16")
    network = recognizer.model
    layers = [m.get_base_layer() for m in network.modules() if isinstance(m, LoraLayer)]
    before = [layer.weight.clone() for layer in layers]

    samples, _ = soundfile.read(SPEECH, dtype="float32")
    batch = recognizer.batch([Clip(samples[:16_000])])
    first = recognizer.logits(batch)
    for switch in range(SWITCHES):
        gates = torch.full_like(batch.gates, float(switch % 2 == 0))
        if switch % (SWITCHES // PASSES) == 0:
            recognizer.logits(replace(batch, gates=gates))
        else:
            with recognizer._gates.opened(gates, batch.shape):
                pass
    by_gates = _changed(before, layers)
    same = torch.equal(recognizer.logits(batch), first)

    dense = DenseSwitch(network)
    lines = []
    for switch in range(SWITCHES):
        dense.set(not dense.on)
        if switch in (1, SWITCHES - 1):
            lines.append(
                f"adding and subtracting, {switch + 1} switches: "
                f"{_changed(before, layers):.2f} % of the adapted weights changed"
            )
    gap = (recognizer.logits(batch).float() - first.float()).abs().max().item()
    return [
        f"gates, {SWITCHES} switches: {by_gates:.2f} % of the adapted weights changed; "
        f"logits of the base {'the same, bit for bit' if same else 'CHANGED'}",
        *lines,
        f"largest change of a logit of the base after that: {gap:.3f}",
    ]


def _changed(before: list[Tensor], layers: list[torch.nn.Linear]) -> float:
    """Per cent of weights whose bits differ."""
    changed = sum((b != m.weight).sum().item() for b, m in zip(before, layers, strict=True))
    return 100 * changed / sum(b.numel() for b in before)
