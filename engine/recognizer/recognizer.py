"""Speech to text, both routes in one batch."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.checkpoint import ModelFolder
from engine.checkpoint.adapter import read_adapter
from engine.checkpoint.base import load_base, stored_dtype
from engine.checkpoint.mount import mount
from engine.device import Device, choose, is_out_of_memory, pick_dtype, release_memory
from engine.errors import MissingModelError
from engine.recognizer.batches import plan, run
from engine.recognizer.clip import Clip, Hypothesis
from engine.recognizer.decoding import decode, interruptible
from engine.recognizer.gates import Gates
from engine.recognizer.hypothesis import read_answer
from engine.recognizer.inputs import Batch, make_batch
from engine.recognizer.output_layer import unfold_output_layer

if TYPE_CHECKING:
    from transformers import Qwen3ASRForConditionalGeneration, Qwen3ASRProcessor

CPU_BUDGET_S = 60.0
ACCELERATOR_BUDGET_S = 480.0
"""Padded audio in one batch, s: 5.9 MiB a second in the first convolution of the 1.7B model in
bfloat16. On a CPU larger batches gain little, and no layer should take 2 s: between layers the
work can be cancelled."""

TOKENS_A_SECOND = 25
SPARE_TOKENS = 32
"""Token budget of a clip: about twice the fastest speech in the language with the shortest tokens,
and the tag. What needs more has lost the speaker."""

OnResult = Callable[[int, Hypothesis], None]


class Recognizer:
    """A loaded model. Not for two threads at once.

    Args:
        model: frozen, in evaluation mode, perhaps with an adapter mounted on it.
        processor: of the model.
        device: where the model is.
        budget_s: most padded audio in one batch, s; by default what suits the device.
    """

    def __init__(
        self,
        model: "Qwen3ASRForConditionalGeneration",
        processor: "Qwen3ASRProcessor",
        device: Device,
        *,
        budget_s: float | None = None,
    ) -> None:
        self.model = model
        self.processor = processor
        self.device = device
        self._budget_s = budget_s or (CPU_BUDGET_S if device.is_cpu else ACCELERATOR_BUDGET_S)
        self._gates = Gates(model)
        unfold_output_layer(model)

    @classmethod
    def load(cls, folder: ModelFolder, device: str = "auto", dtype: str = "auto") -> "Recognizer":
        """Loads a located model and, if it comes with one, its robust adapter.

        Args:
            folder: from `engine.checkpoint.locate`.
            device: see `engine.device.choose`.
            dtype: see `engine.device.pick_dtype`; the adapter gets the same.

        Raises:
            ModelError: the weights cannot be used.
            DeviceError: the device cannot be used.
        """
        chosen = choose(device)
        precision = pick_dtype(chosen, stored_dtype(folder), dtype)
        model, processor = load_base(folder, chosen.name, precision)
        if folder.adapter is not None:
            mount(model, read_adapter(folder.adapter))
        return cls(model, processor, chosen)

    @property
    def has_adapter(self) -> bool:
        """Whether there is a robust route."""
        return self._gates.has_adapter

    def stream(
        self, clips: Sequence[Clip], *, cancel: threading.Event | None = None
    ) -> Iterator[tuple[int, Hypothesis]]:
        """Recognises clips, whatever their routes, lengths, languages and contexts.

        What is heard in a clip does not depend on the others.

        Args:
            clips: in any order; they are batched by length and route.
            cancel: when set, the work stops at the next layer of the model.

        Yields:
            Index of a clip and what was heard in it, as soon as its batch is done.

        Raises:
            MissingModelError: a gate is open and there is no adapter.
            CancelledError: ``cancel`` was set.
            OutOfMemoryError: not even one clip at a time fits.
        """
        if not self.has_adapter and any(clip.gate > 0 for clip in clips):
            raise MissingModelError("The robust route was asked for; this model has no adapter.")

        def decode_batch(batch: Sequence[Clip]) -> list[Hypothesis]:
            with interruptible(self.model, cancel):
                return self._decode(batch)

        batches = plan(clips, self._budget_s)
        yield from run(clips, batches, decode_batch, is_out_of_memory, release_memory)

    def transcribe(
        self,
        clips: Sequence[Clip],
        *,
        cancel: threading.Event | None = None,
        on_result: OnResult | None = None,
    ) -> list[Hypothesis]:
        """`stream`, gathered: one hypothesis a clip, in their order.

        Args:
            clips: see `stream`.
            cancel: see `stream`; what was finished has been given to ``on_result``.
            on_result: called with the index of a clip and its hypothesis when its batch is done.
        """
        found: dict[int, Hypothesis] = {}
        for index, hypothesis in self.stream(clips, cancel=cancel):
            found[index] = hypothesis
            if on_result is not None:
                on_result(index, hypothesis)
        return [found[index] for index in range(len(clips))]

    def batch(self, clips: Sequence[Clip]) -> Batch:
        """The tensors of some clips, ready for the model."""
        return make_batch(self.processor, clips, self.model.dtype, self.model.device)

    @torch.inference_mode()
    def logits(self, batch: Batch) -> Tensor:
        """Scores of the token that each clip's answer could begin with.

        Returns:
            Shape (batch, vocabulary), dtype of the model, on the CPU.
        """
        with self._gates.opened(batch.gates, batch.shape):
            output = self.model(
                **batch.tensors, position_ids=batch.positions, logits_to_keep=1, use_cache=False
            )
        scores: Tensor = output.logits[:, -1].cpu()
        return scores

    @torch.inference_mode()
    def _decode(self, clips: Sequence[Clip]) -> list[Hypothesis]:
        batch = self.batch(clips)
        budgets = [SPARE_TOKENS + int(TOKENS_A_SECOND * clip.duration_s) for clip in clips]
        with self._gates.opened(batch.gates, batch.shape):
            answers = decode(self.model, batch, budgets)
        return [
            read_answer(self.processor, clip, answer)
            for clip, answer in zip(clips, answers, strict=True)
        ]
