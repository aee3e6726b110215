"""Which clips are decoded together, and what happens when memory runs out. Knows no model."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from engine.errors import OutOfMemoryError
from engine.recognizer.clip import Clip

Result = TypeVar("Result")


def padded_s(clips: Sequence[Clip]) -> float:
    """Audio seconds that a batch costs: the longest, in whole encoder chunks, times the count."""
    return math.ceil(max(clip.duration_s for clip in clips)) * len(clips)


def plan(clips: Sequence[Clip], budget_s: float) -> list[list[int]]:
    """Groups clips into batches of similar length that cost at most ``budget_s`` (or one clip).

    Batches of one route are filled first, because a batch that is all base needs no adapter. What
    is left over of both is mixed where that saves a batch.

    Returns:
        Indices into ``clips``, each once; batches in order of their first clip.
    """
    batches: list[list[int]] = []
    left_over: list[list[int]] = []
    for adapted in (False, True):
        chosen = [i for i, clip in enumerate(clips) if (clip.gate > 0) is adapted]
        *full, last = _packed(clips, chosen, budget_s) or [[]]
        batches += full
        left_over += [last] if last else []
    mixed = _packed(clips, [i for batch in left_over for i in batch], budget_s)
    batches += mixed if len(mixed) < len(left_over) else left_over
    return sorted((sorted(batch) for batch in batches), key=min)


def run(
    clips: Sequence[Clip],
    batches: Sequence[Sequence[int]],
    decode: Callable[[Sequence[Clip]], Sequence[Result]],
    is_out_of_memory: Callable[[BaseException], bool],
    release: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, Result]]:
    """Decodes batch after batch; one that does not fit is halved, and so are later ones its size.

    Args:
        clips: all clips.
        batches: as `plan` gives them.
        decode: decodes some clips at once.
        is_out_of_memory: whether an exception of ``decode`` means that memory ran out.
        release: gives back memory before the next attempt.

    Yields:
        Index of a clip and its result, as soon as its batch is done.

    Raises:
        OutOfMemoryError: a single clip does not fit.
    """
    waiting = deque(list(batch) for batch in batches)
    limit_s = math.inf
    while waiting:
        batch = waiting.popleft()
        chosen = [clips[i] for i in batch]
        cost_s = padded_s(chosen)
        if len(batch) > 1 and cost_s > limit_s:
            middle = len(batch) // 2
            waiting.extendleft([batch[middle:], batch[:middle]])
            continue
        results = None
        try:
            results = decode(chosen)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if len(batch) == 1:
                raise OutOfMemoryError(
                    f"A stretch of {cost_s:.0f} s does not fit into memory, even alone.",
                    "What was finished is kept.",
                    "Close other programs, use shorter segments, or a smaller model or the CPU.",
                ) from error
        # Outside the handler: the traceback held the tensors that have to go.
        if results is None:
            release()
            limit_s = cost_s / 2
            waiting.appendleft(batch)
            continue
        yield from zip(batch, results, strict=True)


def _packed(clips: Sequence[Clip], chosen: Sequence[int], budget_s: float) -> list[list[int]]:
    """Longest first, so that the first of a batch tells its cost; only the last may be unfilled."""
    batches: list[list[int]] = []
    for index in sorted(chosen, key=lambda i: -clips[i].duration_s):
        if batches and padded_s([clips[i] for i in (*batches[-1], index)]) <= budget_s:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
