"""Greedy decoding of one batch, with what is needed to judge the result."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from engine.errors import CancelledError
from engine.recognizer.inputs import Batch

if TYPE_CHECKING:
    from transformers import Qwen3ASRForConditionalGeneration


LOOP_TOKENS = 64
LOOP_REPEATS = 8
LONGEST_UNIT = 32
"""A loop: up to 32 tokens written over and over, at least 8 times and over at least 64 tokens."""

LOOK_EVERY = 16
"""Tokens between two looks for loops."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model wrote for one clip.

    Attributes:
        token_ids: without the end mark.
        log_probabilities: of each token, natural logarithm.
        truncated: its budget, or a loop, ended it before it came to its end mark.
    """

    token_ids: tuple[int, ...]
    log_probabilities: tuple[float, ...]
    truncated: bool


def decode(
    model: "Qwen3ASRForConditionalGeneration", batch: Batch, budgets: Sequence[int]
) -> list[Answer]:
    """Writes the likeliest next token of every clip until each is done.

    A clip that has fallen into a loop is given up: it would never come out of it, and would go on
    until its budget is spent.

    Args:
        model: the model; its ``generation_config`` names the end marks.
        batch: as `make_batch` gives it.
        budgets: most tokens for each clip.
    """
    prompt = batch.tensors["input_ids"].shape[1]
    recorder = _Recorder()
    endings = _Endings(prompt, torch.tensor(budgets, device=batch.gates.device))
    written = model.generate(
        **batch.tensors,
        max_new_tokens=max(budgets),
        logits_processor=LogitsProcessorList([recorder]),
        stopping_criteria=StoppingCriteriaList([endings]),
    )[:, prompt:].tolist()
    likely = torch.stack(recorder.log_probabilities, dim=1).tolist()
    ends = _ends(model)
    return [
        _answer(ids[:length], row[:length], ends)
        for ids, row, length in zip(written, likely, endings.lengths.tolist(), strict=True)
    ]


@contextmanager
def interruptible(
    model: "Qwen3ASRForConditionalGeneration", cancel: threading.Event | None
) -> Iterator[None]:
    """Makes the model raise when ``cancel`` is set, at the next layer.

    Looking between tokens is not enough: on a CPU the first pass over a batch takes many seconds.

    Raises:
        CancelledError: it was set.
    """

    def check(*_: Any) -> None:
        if cancel is not None and cancel.is_set():
            raise CancelledError("The recognition was cancelled.", "What was finished is kept.")

    tower = model.model.audio_tower
    steps: list[nn.Module] = [tower.conv2d1, tower.conv2d2, tower.conv2d3, *tower.layers]
    steps += model.model.language_model.layers
    with ExitStack() as stack:
        check()
        for step in steps if cancel is not None else ():
            stack.callback(step.register_forward_pre_hook(check).remove)
        yield


def _ends(model: "Qwen3ASRForConditionalGeneration") -> frozenset[int]:
    ends = model.generation_config.eos_token_id
    return frozenset([ends] if isinstance(ends, int) else ends)


def _answer(ids: list[int], likely: list[float], ends: frozenset[int]) -> Answer:
    length = next((i for i, token in enumerate(ids) if token in ends), None)
    return Answer(tuple(ids[:length]), tuple(likely[:length]), truncated=length is None)


class _Recorder(LogitsProcessor):  # type: ignore[misc]
    """Notes the probability of the token that greedy decoding is about to choose.

    Keeping all scores instead would take 0.6 MB a token and clip at the real vocabulary.
    """

    def __init__(self) -> None:
        self.log_probabilities: list[Tensor] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        scores = scores.float()
        self.log_probabilities.append(scores.amax(dim=1) - scores.logsumexp(dim=1))
        return scores


class _Endings(StoppingCriteria):  # type: ignore[misc]
    """Ends each clip by itself, so that its text does not depend on its batch mates.

    Attributes:
        lengths: most tokens of each clip, shape (batch,): its budget, or where it was seen to loop.
    """

    def __init__(self, prompt: int, budgets: Tensor) -> None:
        self._prompt = prompt
        self.lengths = budgets

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: Any) -> Tensor:
        written = input_ids[:, self._prompt :]
        count = written.shape[1]
        if count % LOOK_EVERY == 0:
            given_up = self.lengths.clamp(max=count)
            self.lengths = torch.where(looping(written), given_up, self.lengths)
        return count >= self.lengths


def looping(written: Tensor) -> Tensor:
    """Whether each row ends in a loop.

    Args:
        written: tokens, shape (batch, tokens).

    Returns:
        Shape (batch,), bool.
    """
    found = torch.zeros(len(written), dtype=torch.bool, device=written.device)
    for unit in range(1, LONGEST_UNIT + 1):
        span = max(LOOP_TOKENS, LOOP_REPEATS * unit)
        if span > written.shape[1]:
            break
        tail = written[:, -span:]
        found |= (tail[:, unit:] == tail[:, :-unit]).all(dim=1)
    return found
