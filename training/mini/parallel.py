"""Training on several cores by data: a process and a thread for each, gradients averaged.

A model this small gains hardly anything from a second thread; a second process nearly doubles it.
"""

import ctypes
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed
from torch.multiprocessing.spawn import spawn


def keep_freed_memory() -> None:
    """Tells glibc not to give freed memory back: training asks for the same sizes at once again.

    Page faults were a sixth of the time of a step.
    """
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        trim_threshold, top_pad, mmap_threshold = -1, -2, -3  # malloc.h
        library.mallopt(trim_threshold, 2**31 - 1)
        library.mallopt(top_pad, 256 * 2**20)
        library.mallopt(mmap_threshold, 32 * 2**20)


def run_ranks(work: Callable[..., None], arguments: tuple[Any, ...], count: int) -> None:
    """Calls `work(*arguments)` in `count` processes at once; trainers there work as one.

    Raises:
        torch.multiprocessing.ProcessRaisedException: one of them failed; all have ended.
    """
    with tempfile.TemporaryDirectory() as folder:
        spawn(_rank, (count, Path(folder) / "group", work, arguments), count)  # type: ignore[no-untyped-call]


def _rank(
    rank: int, count: int, meeting: Path, work: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    keep_freed_memory()
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=meeting.as_uri(), rank=rank, world_size=count
    )
    work(*arguments)
    distributed.destroy_process_group()


def rank_and_count() -> tuple[int, int]:
    """(0, 1) outside `run_ranks`."""
    if not distributed.is_initialized():
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def average_gradients(parameters: Sequence[Tensor]) -> None:
    """Every rank's gradients become their mean; a missing one counts as zero everywhere."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def adopt_first(parameters: Sequence[Tensor]) -> None:
    """The first rank's values, on every rank: they begin as one."""
    for parameter in parameters:
        distributed.broadcast(parameter.detach(), 0)


def from_first(number: float) -> float:
    """The number of the first rank, on every rank."""
    shared = torch.tensor(number, dtype=torch.float64)
    distributed.broadcast(shared, 0)
    return float(shared)
