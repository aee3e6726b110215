"""Any recording as mono 16 kHz float32, in bounded memory."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import soxr

from engine.audio import headers
from engine.audio.container import ContainerSource
from engine.audio.info import MISSING_TOLERANCE_S, SAMPLE_RATE_HZ, Check, Samples, Source, Warn
from engine.audio.opening import open_source
from engine.audio.sndfile import SndfileSource
from engine.errors import CorruptAudioError, EmptyAudioError, InvalidAudioError

_RATES_HZ = range(1_000, 3_072_001)
"""A header that states another is damaged; believing 1 Hz would make hours of a second."""

_CLIPPED_SHARE = 0.01
"""More samples than this beyond full scale deserve a warning."""


def stream(
    path: str | Path,
    *,
    start_s: float = 0.0,
    block_s: float = 5.0,
    on_warning: Warn | None = None,
    check: Check | None = None,
) -> Iterator[Samples]:
    """Decodes a recording block by block.

    Channels are averaged, then resampled by soxr (HQ). Samples that are no number (NaN,
    infinite) become silence and samples beyond full scale are clipped, both with a warning.
    What can't be read is skipped or missing at the end, with a warning that says how much.
    The samples do not depend on ``block_s``.

    Args:
        path: audio or video file; may still be growing (read as far as it is there).
        start_s: leave out what lies before; the rest is the same bit for bit, since the file
            is decoded from its beginning all the same.
        block_s: length of a block, s.
        on_warning: gets a sentence for each thing that is wrong with a usable recording.
        check: called at every decoded piece, also of what is left out; may raise to end it.

    Yields:
        Mono float32 in [-1, 1] at 16 kHz, ``block_s`` long, the last one shorter.

    Raises:
        AudioError: at the first block if the file can't be used at all.
        StorageError: the file may not be read.
        ValueError: ``block_s`` is not positive, or ``start_s`` is negative.
    """
    size = round(block_s * SAMPLE_RATE_HZ)
    if size < 1 or start_s < 0.0:
        raise ValueError(f"no stream of {block_s} s blocks from {start_s} s")
    skip = round(start_s * SAMPLE_RATE_HZ)
    held: list[Samples] = []
    count = 0
    for piece in _samples(Path(path), on_warning or _ignore):
        if check is not None:
            check()
        if skip >= len(piece):
            skip -= len(piece)
            continue
        piece, skip = piece[skip:], 0
        held.append(piece)
        count += len(piece)
        if count >= size:
            joined = np.concatenate(held)
            whole = count - count % size
            yield from (joined[at : at + size] for at in range(0, whole, size))
            held, count = [joined[whole:]], count - whole
    if count:
        yield np.concatenate(held)


def load(path: str | Path, *, on_warning: Warn | None = None) -> Samples:
    """The whole recording, shape [n]: bit for bit the blocks of `stream` joined. Raises as it."""
    return np.concatenate(list(stream(path, on_warning=on_warning)))


def resample(pieces: Iterator[tuple[int, Samples]]) -> Iterator[Samples]:
    """(rate in Hz, mono) pieces to mono 16 kHz; the rate may change on the way.

    Raises:
        CorruptAudioError: a rate that no recorder has.
    """
    resampler: soxr.ResampleStream | None = None
    current = SAMPLE_RATE_HZ
    for rate, samples in _second_by_second(pieces):
        if rate not in _RATES_HZ:
            raise CorruptAudioError(
                f"The file states a sample rate of {rate} Hz, which no recorder has.",
                "The file was not changed.",
                "Copy it again from where it was recorded.",
            )
        if rate != current:
            if resampler is not None:
                yield resampler.resample_chunk(samples[:0], last=True)
            resampler = None
            if rate != SAMPLE_RATE_HZ:
                resampler = soxr.ResampleStream(rate, SAMPLE_RATE_HZ, 1, dtype="float32")
            current = rate
        yield samples if resampler is None else resampler.resample_chunk(samples)
    if resampler is not None:
        yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def cleaned(samples: Samples) -> tuple[Samples, int, int]:
    """Silences what is no number; also how many of those there were, and how many beyond +-1."""
    finite = np.isfinite(samples)
    bad = len(samples) - int(np.count_nonzero(finite))
    if bad:
        samples = np.where(finite, samples, np.float32(0.0))
    return samples, bad, int(np.count_nonzero(np.abs(samples) > 1.0))


def _samples(path: Path, warn: Warn) -> Iterator[Samples]:
    count = bad = loud = 0

    def counted() -> Iterator[tuple[int, Samples]]:
        nonlocal count, bad, loud
        for rate, samples in _native(path, warn):
            samples, bad_here, loud_here = cleaned(samples)
            count, bad, loud = count + len(samples), bad + bad_here, loud + loud_here
            yield rate, samples

    for samples in resample(counted()):
        yield np.clip(samples, -1.0, 1.0)
    if bad == count:
        raise InvalidAudioError(
            f"Not one sample in {path.name} is a number.", "The file was not changed.", ""
        )
    if bad:
        warn(f"{bad} of {count} samples are no numbers and were taken as silence.")
    if loud > _CLIPPED_SHARE * count:
        warn(f"{loud / count:.0%} of the samples lie beyond full scale and were clipped.")


def _native(path: Path, warn: Warn) -> Iterator[tuple[int, Samples]]:
    """Everything that can be read of a file, at its own rate. Never ends without a sample."""
    source = open_source(path)
    with closing(source):
        yield from source
        read_s = _read_s(source)
        lost_s = source.lost_s if isinstance(source, ContainerSource) else 0.0
        damaged = source.damaged if isinstance(source, ContainerSource) else 0
    duration_s = source.info.duration_s
    if isinstance(source, SndfileSource) and _falls_short(read_s, duration_s):
        # libsndfile stops at the first damaged frame of FLAC and MP3; FFmpeg goes on behind it.
        rescue = _open_rescue(path)
        if rescue is not None:
            with closing(rescue):
                yield from _after(rescue, read_s)
                read_s, lost_s = max(read_s, rescue.read_s), rescue.lost_s
    if read_s == 0.0:
        error = CorruptAudioError if damaged or duration_s else EmptyAudioError
        raise error(f"{path.name} holds no sound that can be read.", "", "Choose another file.")
    missing_s = headers.wave_missing_s(path)
    if duration_s is not None:
        missing_s = max(missing_s, duration_s - read_s)
    if missing_s > MISSING_TOLERANCE_S:
        warn(f"{missing_s:.1f} s of {read_s + missing_s:.1f} s are missing: the file is damaged.")
    if lost_s > 0.0:
        warn(f"{lost_s:.1f} s of the recording are damaged and were taken as silence.")
    elif damaged and missing_s <= MISSING_TOLERANCE_S:
        warn(f"{damaged} damaged packets were left out; later times may be too early.")


def _read_s(source: Source) -> float:
    if isinstance(source, ContainerSource):
        return source.read_s
    assert isinstance(source, SndfileSource)
    return source.frames_read / source.info.sample_rate_hz


def _falls_short(read_s: float, duration_s: float | None) -> bool:
    return duration_s is not None and duration_s - read_s > MISSING_TOLERANCE_S


def _open_rescue(path: Path) -> ContainerSource | None:
    try:
        return ContainerSource(path)
    except (av.error.FFmpegError, LookupError, NotImplementedError, ValueError, OSError):
        return None


def _after(source: ContainerSource, from_s: float) -> Iterator[tuple[int, Samples]]:
    """What ``source`` holds behind its first ``from_s``."""
    at_s = 0.0
    for rate, samples in source:
        skip = min(len(samples), max(0, round((from_s - at_s) * rate)))
        at_s += len(samples) / rate
        if skip < len(samples):
            yield rate, samples[skip:]


def _second_by_second(pieces: Iterator[tuple[int, Samples]]) -> Iterator[tuple[int, Samples]]:
    """Joins packets to about a second: resampling call by call would cost more than decoding."""
    held: list[Samples] = []
    count = current = 0
    for rate, samples in pieces:
        if held and (rate != current or count >= current):
            yield current, np.concatenate(held)
            held, count = [], 0
        held.append(samples)
        count, current = count + len(samples), rate
    if held:
        yield current, np.concatenate(held)


def _ignore(_: str) -> None:
    pass
