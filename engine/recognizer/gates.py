"""Routes inside one batch: a weight for the adapter, clip by clip.

The model packs a batch in three ways. ``conv_out`` sees one row for each chunk of each clip, the
encoder's layers and the projector see the frames of all clips in one sequence, the language model
sees one row a clip. So each clip's gate is repeated to fit, and multiplies what ``lora_B`` adds.
A gate of 0 adds zero and a gate of 1 adds what the adapter adds: both sides keep every bit.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from engine.checkpoint.mount import ADAPTER_NAME

if TYPE_CHECKING:
    from transformers import Qwen3ASRForConditionalGeneration


class _Packing(Enum):
    CHUNKS = auto()
    FRAMES = auto()
    ROWS = auto()


@dataclass(frozen=True, slots=True)
class BatchShape:
    """How a batch is packed.

    Attributes:
        chunks: encoder chunks of each clip, padding included.
        frames: audio frames of each clip behind the convolutions, shape (batch,), int64.
    """

    chunks: int
    frames: Tensor


class Gates:
    """Holds the adapter of a model shut, except inside `opened`.

    Args:
        model: with an adapter mounted by `engine.checkpoint.mount`, or with none.
    """

    def __init__(self, model: "Qwen3ASRForConditionalGeneration") -> None:
        self._layers: list[tuple[LoraLayer, _Packing]] = [
            (module, _packing(name))
            for name, module in model.named_modules()
            if isinstance(module, LoraLayer)
        ]
        self._mount([])

    @property
    def has_adapter(self) -> bool:
        """Whether there is anything to gate."""
        return bool(self._layers)

    @contextmanager
    def opened(self, gates: Tensor, shape: BatchShape) -> Iterator[None]:
        """Lets the adapter act on a batch, as far as each clip's gate allows.

        With all gates at 0 the adapter is not computed at all. Afterwards, whatever happened, the
        model is the base again.

        Args:
            gates: shape (batch,), in [0, 1], dtype and device of the model.
            shape: how the batch is packed.
        """
        if not gates.any():
            yield
            return
        factors = {
            _Packing.CHUNKS: gates.repeat_interleave(shape.chunks)[:, None, None],
            _Packing.FRAMES: gates.repeat_interleave(shape.frames)[:, None],
            _Packing.ROWS: gates[:, None, None],
        }
        with ExitStack() as stack:
            stack.callback(self._mount, [])
            for layer, packing in self._layers:
                handle = layer.lora_B[ADAPTER_NAME].register_forward_hook(_times(factors[packing]))
                stack.callback(handle.remove)
            self._mount([ADAPTER_NAME])
            yield

    def _mount(self, adapters: Sequence[str]) -> None:
        for layer, _ in self._layers:
            layer.set_adapter(list(adapters), inference_mode=True)


def _packing(module: str) -> _Packing:
    if module == "model.audio_tower.conv_out":
        return _Packing.CHUNKS
    if module.startswith("model.language_model."):
        return _Packing.ROWS
    return _Packing.FRAMES


def _times(factor: Tensor) -> Any:
    def multiply(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return output * factor

    return multiply
