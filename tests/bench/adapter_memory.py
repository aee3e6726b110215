"""Memory that an adapter holds: unmerged, against its dense delta."""

from pathlib import Path

import torch
from transformers import Qwen3ASRForConditionalGeneration

from engine.checkpoint import locate
from engine.recognizer import Recognizer
from tests.bench.dense import DenseSwitch
from tests.bench.published import SHIPPED, adapted_layers, published_config

RANK = 16
GIB = 2**30


def measure(model: Path = SHIPPED) -> list[str]:
    """Lines to print."""
    network = Recognizer.load(locate(model), "cpu", "bfloat16").model
    adapter = [p for name, p in network.named_parameters() if "lora_" in name]
    held = sum(p.untyped_storage().nbytes() for p in adapter)
    dense = DenseSwitch(network).delta_bytes

    with torch.device("meta"):
        layers = adapted_layers(Qwen3ASRForConditionalGeneration(published_config()))
    sizes = [(m.in_features, m.out_features) for m in layers.values()]
    held_1b7 = 2 * sum(RANK * (i + o) for i, o in sizes)
    dense_1b7 = 2 * sum(i * o for i, o in sizes)
    return [
        f"mini, bfloat16, measured: dense delta {dense / 1e6:.1f} MB / adapter {held / 1e6:.1f} MB "
        f"= {dense / held:.1f} x",
        f"1.7B, bfloat16, rank {RANK}, {len(sizes)} layers, from their shapes: dense delta "
        f"{dense_1b7 / GIB:.2f} GiB / adapter {held_1b7 / GIB:.2f} GiB = "
        f"{dense_1b7 / held_1b7:.0f} x",
    ]
