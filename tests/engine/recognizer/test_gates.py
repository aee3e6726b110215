"""Two routes in one batch: every bit of each is what it is alone, whatever came before."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor

from engine.checkpoint import locate
from engine.checkpoint.adapter import read_adapter
from engine.checkpoint.base import load_base
from engine.checkpoint.mount import ADAPTER_NAME, mount
from engine.recognizer import Clip, Recognizer
from engine.recognizer.inputs import Batch
from engine.recognizer.output_layer import unfold_output_layer

SWITCHES = 1000


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def recognizer(request, published_layout) -> Recognizer:
    return Recognizer.load(locate(published_layout), "cpu", request.param)


@pytest.fixture(scope="module")
def batch(recognizer, speech) -> Batch:
    """Clips of different lengths: 1.1 s, 0.5 s, 0.9 s (so of 2, 1 and 1 chunks)."""
    lengths = {"meeting": 18_000, "kettle": 8_000, "train": 14_500}
    return recognizer.batch([Clip(speech[name][:n]) for name, n in lengths.items()])


def _gated(batch: Batch, gates: Sequence[float]) -> Batch:
    return replace(batch, gates=torch.tensor(gates, dtype=batch.gates.dtype))


def _reference(published_layout, batch: Batch, *, adapter_scale: float | None) -> Tensor:
    """Stock transformers and PEFT, no gates: the base alone, or the adapter always on."""
    folder = locate(published_layout)
    model, _ = load_base(folder, "cpu", batch.gates.dtype)
    if adapter_scale is not None:
        adapter = read_adapter(folder.adapter)
        mount(model, replace(adapter, up={k: adapter_scale * b for k, b in adapter.up.items()}))
    unfold_output_layer(model)  # the same product for the last layer, or its bits differ
    with torch.inference_mode():
        output = model(**batch.tensors, position_ids=batch.positions, logits_to_keep=1)
    return output.logits[:, -1]


def test_a_thousand_switches_leave_no_trace(recognizer, batch, published_layout):
    base = _reference(published_layout, batch, adapter_scale=None)
    robust = _reference(published_layout, batch, adapter_scale=1.0)
    assert not torch.isclose(base, robust).all(dim=1).any()
    rng = np.random.default_rng(0)
    for _ in range(SWITCHES if recognizer.model.dtype is torch.float32 else SWITCHES // 10):
        gates = rng.integers(0, 2, 3)
        expected = torch.where(torch.from_numpy(gates)[:, None] > 0, robust, base)
        assert torch.equal(recognizer.logits(_gated(batch, gates.tolist())), expected)


def test_a_gate_between_is_a_weaker_adapter(recognizer, batch, published_layout):
    base = _reference(published_layout, batch, adapter_scale=None)
    half = _reference(published_layout, batch, adapter_scale=0.5)
    scores = recognizer.logits(_gated(batch, [0.5, 0.0, 0.5]))
    assert torch.equal(scores, torch.stack([half[0], base[1], half[2]]))


def _lora_calls(recognizer: Recognizer, batch: Batch) -> int:
    calls = []
    handles = [
        module.lora_A[ADAPTER_NAME].register_forward_hook(lambda *_: calls.append(1))
        for module in recognizer.model.modules()
        if isinstance(module, LoraLayer)
    ]
    recognizer.logits(batch)
    for handle in handles:
        handle.remove()
    return len(calls)


def test_an_all_base_batch_computes_no_lora(recognizer, batch):
    assert _lora_calls(recognizer, _gated(batch, [0, 0, 0])) == 0
    assert _lora_calls(recognizer, _gated(batch, [0, 1, 0])) == 29


def _hooks(recognizer: Recognizer) -> int:
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks)
        for module in recognizer.model.modules()
    )


def test_nothing_stays_behind_after_an_exception(recognizer, batch):
    before = _hooks(recognizer)
    expected = recognizer.logits(_gated(batch, [0, 0, 0]))

    def fail(*_: object) -> None:
        assert _hooks(recognizer) == before + 29 + 1
        raise RuntimeError("in the middle of a batch")

    handle = recognizer.model.model.language_model.layers[1].register_forward_hook(fail)
    with pytest.raises(RuntimeError, match="in the middle"):
        recognizer.logits(_gated(batch, [1, 1, 1]))
    handle.remove()
    assert _hooks(recognizer) == before
    with torch.inference_mode():
        output = recognizer.model(
            **batch.tensors, position_ids=batch.positions, logits_to_keep=1, use_cache=False
        )
    assert torch.equal(output.logits[:, -1], expected)
