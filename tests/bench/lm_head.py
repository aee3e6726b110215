"""The frozen output layer on a CPU: the slice as it comes, against rows that are adjacent."""

import time

import torch
from torch import Tensor, nn

from engine.recognizer.output_layer import unfold_output_layer

VOCABULARY = 151_936
HIDDEN = 128
PROMPT = 150
ROUNDS = 2


class _Model(nn.Module):
    """Just the output layer, frozen, with the published vocabulary."""

    def __init__(self) -> None:
        super().__init__()
        self.lm_head = nn.Linear(HIDDEN, VOCABULARY, bias=False, dtype=torch.bfloat16)
        self.requires_grad_(False)


def measure() -> list[str]:
    """Lines to print."""
    plain, unfolded, learning = _Model(), _Model(), _Model()
    unfold_output_layer(unfolded)
    learning.requires_grad_(True)
    lines = [f"{VOCABULARY:,} words x {HIDDEN}, bfloat16, {torch.get_num_threads()} threads"]
    for clips in (1, 4):
        hidden = torch.randn(clips, PROMPT, HIDDEN, dtype=torch.bfloat16)
        with torch.no_grad():
            as_it_comes = _best(plain, hidden)
            adjacent = _best(unfolded, hidden)
            with_gradient = _best(learning, hidden)
        lines.append(
            f"first token of {clips} clip{'s'[: clips - 1]}: as it comes / adjacent rows = "
            f"{as_it_comes / adjacent:.1f} x the time; "
            f"requires_grad left on / adjacent rows = {with_gradient / adjacent:.1f} x"
        )
    return lines


def _best(model: nn.Module, hidden: Tensor) -> float:
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        model.lm_head(hidden[:, -1:])
        taken.append(time.perf_counter() - start)
    return min(taken)
