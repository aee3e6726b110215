"""One mixed batch against one clip at a time with the adapter added and subtracted."""

import time
from collections.abc import Callable
from pathlib import Path

import soundfile
import torch
from transformers import Qwen3ASRConfig, Qwen3ASRForConditionalGeneration

from engine.checkpoint import locate
from engine.checkpoint.adapter import Adapter
from engine.checkpoint.mount import mount
from engine.recognizer import Clip, Recognizer
from engine.recognizer.gates import BatchShape, Gates
from tests.bench.dense import DenseSwitch
from tests.bench.published import SHIPPED, adapted_layers, published_config

SPEECH = Path(__file__).parents[1] / "fixtures" / "mega-asr-layout"
CLIPS = 12
ROUNDS = 2


def measure(model: Path = SHIPPED) -> list[str]:
    """Lines to print."""
    recognizer = Recognizer.load(locate(model), "cpu")
    sounds = [soundfile.read(path, dtype="float32")[0] for path in sorted(SPEECH.glob("*.wav"))]
    clips = [Clip(sounds[i % 3], gate=float(i % 2)) for i in range(CLIPS)]
    switch = DenseSwitch(recognizer.model)

    def one_by_one() -> list[str]:
        texts = []
        for clip in clips:
            switch.set(clip.gate > 0)
            texts += [h.text for h in recognizer.transcribe([Clip(clip.samples)])]
        switch.set(False)
        return texts

    def mixed() -> list[str]:
        return [h.text for h in recognizer.transcribe(clips)]

    same = sum(a == b for a, b in zip(one_by_one(), mixed(), strict=True))
    slow_s, fast_s = _best(one_by_one), _best(mixed)
    dense_s, gates_s = _switch_at_published_widths()
    return [
        f"{CLIPS} clips, routes alternating, {torch.get_num_threads()} threads; "
        f"{same} of {CLIPS} texts equal",
        f"one by one, adding and subtracting / one mixed batch: {slow_s / fast_s:.1f} x the time",
        "switching alone, published widths, one layer of each stack, bfloat16:",
        f"adding and subtracting once / opening and shutting the gates: {dense_s / gates_s:.0f} x",
    ]


def _switch_at_published_widths() -> tuple[float, float]:
    """Seconds of an on-off cycle: dense, and by gates."""
    config: Qwen3ASRConfig = published_config(layers=1, vocabulary=1_000)
    with torch.device("meta"):
        model = Qwen3ASRForConditionalGeneration(config)
    model = model.to(torch.bfloat16).to_empty(device="cpu").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.02, 0.02)
    layers = adapted_layers(model)
    down = {name: 0.02 * torch.randn(16, m.in_features) for name, m in layers.items()}
    up = {name: 0.02 * torch.randn(m.out_features, 16) for name, m in layers.items()}
    mount(model, Adapter(16, down, up, frozenset(layers)))
    switch, gates = DenseSwitch(model), Gates(model)
    shape = BatchShape(chunks=10, frames=torch.tensor([130]))
    row = torch.ones(1, dtype=torch.bfloat16)

    def dense() -> None:
        switch.set(True)
        switch.set(False)

    def gated() -> None:
        with gates.opened(row, shape):
            pass

    return _best(dense), _best(gated)


def _best(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)
