"""Which clips are learnt from when: a pure function of the clips, the phase and the seed.

A step's clips are fixed first, the whole phase long. Only then are they laid out in batches, by
length, so that a batch has little padding. So neither the number of clips in memory at once nor
the number of processes changes what a step learns from.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.errors import UsageError
from training.data import Example
from training.finetune.config import SftConfig
from training.finetune.errors import DataError

Step = tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a curriculum: clips below a WER limit (None: all), for so many steps."""

    wer_limit: float | None
    clips: tuple[Example, ...]
    steps: int


def curriculum(phase: SftConfig, clips: Sequence[Example], clips_per_step: int) -> list[Part]:
    """The parts of a phase. A part without clips is left out.

    Args:
        phase: limits, epochs, most steps.
        clips: training clips, their WER known wherever there are limits.
        clips_per_step: see `BatchConfig`.

    Raises:
        DataError: no part has any clips.
    """
    limits: tuple[float | None, ...] = phase.wer_limits or (None,)
    pools = [(limit, tuple(c for c in clips if _below(c, limit))) for limit in limits]
    pools = [(limit, pool) for limit, pool in pools if pool]
    if not pools:
        raise DataError(
            f"None of {len(clips)} training clips can be learnt from in this phase.",
            "Nothing was changed.",
            "Add clips, or raise wer_limits: the base model's WER is above them on every clip.",
        )
    parts = []
    for number, (limit, pool) in enumerate(pools):
        wanted = math.ceil(phase.epochs * len(pool) / clips_per_step)
        if phase.most_steps:
            share, over = divmod(phase.most_steps, len(pools))
            wanted = min(wanted, share + (number < over))
        parts.append(Part(limit, pool, wanted))
    return [part for part in parts if part.steps]


def steps(parts: Sequence[Part], clips_per_step: int, seed: int) -> list[Step]:
    """The clips of every step. Each epoch goes through a part's clips in an order of its own."""
    planned: list[Step] = []
    for number, part in enumerate(parts):
        wanted = part.steps * clips_per_step
        order: list[Example] = []
        epoch = 0
        while len(order) < wanted:
            shuffled = list(part.clips)
            random.Random(f"{seed}/{number}/{epoch}").shuffle(shuffled)
            order += shuffled
            epoch += 1
        planned += [
            tuple(order[at : at + clips_per_step]) for at in range(0, wanted, clips_per_step)
        ]
    return planned


def batches_per_step(clips_per_step: int, clips_at_once: int, processes: int) -> int:
    """Batches of one step, over all processes: a multiple of their number.

    Raises:
        UsageError: some of them would be empty.
    """
    count = processes * math.ceil(clips_per_step / (clips_at_once * processes))
    if count > clips_per_step:
        raise UsageError(
            f"{clips_per_step} clips a step, {clips_at_once} at once, cannot be shared out among "
            f"{processes} processes: some would have nothing to do.",
            "Nothing was changed.",
            f"Make clips_per_step a multiple of {processes}, or use fewer processes.",
        )
    return count


def batches(step: Step, count: int) -> list[Step]:
    """A step's clips in ``count`` batches of nearly equal number, neighbours in length together.

    Consecutive batches go to different processes, so that these finish at about the same time.
    """
    ordered = sorted(step, key=lambda clip: (clip.duration_s, clip.id))
    edges = [round(number * len(ordered) / count) for number in range(count + 1)]
    return [tuple(ordered[a:b]) for a, b in pairwise(edges)]


def _below(clip: Example, limit: float | None) -> bool:
    return limit is None or (clip.wer is not None and clip.wer < limit)
