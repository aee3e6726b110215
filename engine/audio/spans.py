"""Parts of a recording: exactly, for hearing them again; quickly, for the ear."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np

from engine.audio.decode import cleaned, resample, stream
from engine.audio.info import SAMPLE_RATE_HZ, Check, Samples
from engine.audio.opening import open_source
from engine.audio.sndfile import SndfileSource

Span = tuple[float, float]
"""(start_s, end_s) in a recording."""

_LEAD_S = 0.1
"""Read before a span so that the resampler has settled when it begins."""


def load_span(path: str | Path, start_s: float, end_s: float) -> Samples:
    """Samples [start_s, end_s) of a recording: bit for bit the slice of `load`.

    Raises:
        AudioError, StorageError: as `stream`.
        ValueError: a span that ends before it starts, or starts before 0.
    """
    return next(load_spans(path, [(start_s, end_s)]))


def load_spans(
    path: str | Path, spans: Iterable[Span], *, check: Check | None = None
) -> Iterator[Samples]:
    """Many spans in one pass, each bit for bit the slice of `load`.

    A 16 kHz file that can be sought exactly costs only what is asked for; every other is
    decoded from its beginning to the end of the last span, since no codec or resampler
    promises the same bits after a jump. Holds no more than the span at hand.

    Args:
        path: the recording.
        spans: (start_s, end_s), starts in ascending order; may overlap.
        check: see `stream`.

    Yields:
        Mono float32 [n] at 16 kHz for each span, shorter where the recording ends inside it.

    Raises:
        AudioError, StorageError: as `stream`.
        ValueError: spans out of order, or one that ends before it starts or starts before 0.
    """
    wanted = [_positions(start_s, end_s) for start_s, end_s in spans]
    if any(later < earlier for (earlier, _), (later, _) in pairwise(wanted)):
        raise ValueError("spans must be in ascending order")
    with closing(open_source(Path(path))) as source:
        same_rate = source.info.sample_rate_hz == SAMPLE_RATE_HZ
        if isinstance(source, SndfileSource) and same_rate and source.seeks_exactly:
            yield from (_sought(source, start, end) for start, end in wanted)
            return
    yield from _passed(stream(path, block_s=1.0, check=check), wanted)


def preview_span(path: str | Path, start_s: float, end_s: float) -> Samples:
    """Samples of about [start_s, end_s), without decoding what lies before: for playback.

    As exact as the file's own seeking: equal to `load_span` within rounding for lossless
    files, off by some milliseconds at worst for others.

    Raises:
        AudioError, StorageError, ValueError: as `load_span`.
    """
    start, end = _positions(start_s, end_s)
    with closing(open_source(Path(path), from_s=max(0.0, start_s - _LEAD_S))) as source:
        held: list[Samples] = []
        count = 0
        for samples in resample(iter(source)):
            held.append(np.clip(cleaned(samples)[0], -1.0, 1.0))
            count += len(samples)
            first = round(source.start_s * SAMPLE_RATE_HZ)
            if first + count >= end:
                break
    if not held:
        return np.zeros(0, np.float32)
    joined = np.concatenate(held)
    return joined[max(0, start - first) : max(0, end - first)]


def _positions(start_s: float, end_s: float) -> tuple[int, int]:
    if not 0.0 <= start_s <= end_s:
        raise ValueError(f"no span of time: {start_s} to {end_s} s")
    return round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ)


def _sought(source: SndfileSource, start: int, end: int) -> Samples:
    stated = source.frames_stated
    end = end if stated is None else min(end, stated)
    if start >= end:
        return np.zeros(0, np.float32)
    source.seek(start)
    held: list[Samples] = []
    count = 0
    for _, samples in source:
        held.append(np.clip(cleaned(samples)[0], -1.0, 1.0))
        count += len(samples)
        if count >= end - start:
            break
    return np.concatenate(held)[: end - start] if held else np.zeros(0, np.float32)


def _passed(blocks: Iterator[Samples], wanted: list[tuple[int, int]]) -> Iterator[Samples]:
    held = np.zeros(0, np.float32)
    origin = 0
    for start, end in wanted:
        while origin + len(held) < end and (block := next(blocks, None)) is not None:
            keep = max(0, min(len(held), start - origin))
            origin, held = origin + keep, np.concatenate([held[keep:], block])
        yield held[max(0, start - origin) : max(0, end - origin)].copy()
