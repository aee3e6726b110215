"""A set of clips on the disk, from the first shard to the last line of its manifest.

set.json           what the set follows from
sources.jsonl      the clean clips
clips/             audio, a folder or a table for each shard
shards/            manifest, problems and error rates of each finished shard
manifest.jsonl     all clips in order; written last
dropped.jsonl      clips that are beyond learning, if they were measured and not kept
problems.jsonl     clean clips and noises that could not be used
sft.jsonl ...      records, if asked for
"""

import hashlib
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from engine.errors import CancelledError, StorageError
from training.simulate.files import PART
from training.simulate.finish import Measure, Report, finish
from training.simulate.learnability import measure_shard
from training.simulate.mix import Mix
from training.simulate.outputs import check_output
from training.simulate.plan import open_materials
from training.simulate.pool import here, in_processes, on_cluster
from training.simulate.settings import Settings, settle
from training.simulate.shards import SHARDS, SOURCES, manifest_of
from training.simulate.sources import Sources, babblers, find_sources, write_sources

OnProgress = Callable[[int, int], None]
"""Clips done, clips in all."""


def prepare(
    clean: Path,
    rooms: Path,
    *,
    count: int,
    seed: int = 0,
    mix: Mix | None = None,
    format: str = "flac",
    noise: Path | None = None,
    language: str = "en",
    shard_clips: int = 100,
) -> tuple[Settings, Sources]:
    """Looks at everything that a set will be made from.

    Args:
        clean: see `find_sources`.
        rooms: folder where the bank of rooms is kept; made the first time.
        count: of clips.
        seed: of the set.
        mix: see `Mix`; by default that of the paper.
        format: a name in `OUTPUTS`.
        noise: folder of the person's own noises.
        language: of clips that do not say theirs.
        shard_clips: clips that are finished together.

    Raises:
        SourceError, MaterialError: there is no speech, or no noise.
        UsageError: something makes no sense.
        StorageError: the bank can't be kept.
    """
    settings = Settings(
        count=count, seed=seed, mix=mix or Mix(), format=format, clean=clean.absolute(),
        rooms=rooms.absolute(), noise=noise and noise.expanduser().absolute(),
        shard_clips=shard_clips,
    )  # fmt: skip
    sources = find_sources(clean, language)
    names = open_materials(settings.rooms, noise=settings.noise).sounds("noise")
    noises = hashlib.sha256("\0".join(names).encode()).hexdigest() if names else ""
    return replace(
        settings,
        clean=sources.root,
        speech=babblers(sources),
        sources_sha256=sources.sha256,
        noises_sha256=noises,
    ), sources


def simulate(
    out: Path,
    settings: Settings,
    sources: Sources,
    *,
    workers: int = 1,
    dask: str | None = None,
    measure: Measure | None = None,
    records: Sequence[str] = (),
    on_progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
) -> Report:
    """Makes a set, or what is missing of it; the result does not depend on who makes it.

    Memory holds one clip for each worker, and the list of sources.

    Args:
        out: folder of the set; new, empty, or begun with the same settings.
        settings: what to make; of these sources.
        sources: the clean clips.
        workers: processes on this machine.
        dask: address of a Dask cluster to use instead.
        measure: see `Measure`.
        records: names in `RECORDS`, to be written as well.
        on_progress: called from this thread, at the beginning and after each shard.
        cancel: when set, shards that were begun are finished, and the work ends.

    Raises:
        CancelledError: ``cancel`` was set.
        SetMismatchError: the folder holds something else.
        SimulationError: a worker died, a codec is missing, or no source can be used.
        ModelError, EngineError: the model of ``measure`` failed.
        StorageError: something can't be written.
    """
    check_output(settings.format)
    out = out.expanduser().absolute()
    settle(out, settings)
    _keep_sources(out, sources)
    _make(out, settings, workers, dask, on_progress or _ignore, cancel or threading.Event())
    if measure is not None:
        for shard in range(settings.shards):
            _stop_if(cancel)
            measure_shard(out, shard, measure.model, measure.hear)
    return finish(out, settings, sources.problems, measure, records)


def _make(
    out: Path,
    settings: Settings,
    workers: int,
    dask: str | None,
    on_progress: OnProgress,
    cancel: threading.Event,
) -> None:
    missing = [n for n in range(settings.shards) if not manifest_of(out, n).is_file()]
    done = settings.count - sum(len(settings.clips_of(shard)) for shard in missing)
    on_progress(done, settings.count)
    if dask:
        finished = on_cluster(str(out), missing, dask)
    elif workers > 1 and len(missing) > 1:
        finished = in_processes(str(out), missing, min(workers, len(missing)))
    else:
        finished = here(str(out), missing)
    with closing(finished):
        _stop_if(cancel)
        for shard in finished:
            done += len(settings.clips_of(shard))
            on_progress(done, settings.count)
            _stop_if(cancel)


def _keep_sources(out: Path, sources: Sources) -> None:
    try:
        (out / SHARDS).mkdir(exist_ok=True)
        part = out / f".{SOURCES}{PART}"
        write_sources(part, sources.clips)
        part.replace(out / SOURCES)
    except OSError as error:
        raise StorageError(
            f"{out} can't be written to: {error.strerror or error}.", "Nothing was made yet.", ""
        ) from error


def _stop_if(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise CancelledError(
            "The work was stopped.",
            "Finished shards are kept.",
            "Give the same command again; it goes on where it stopped.",
        )


def _ignore(done: int, total: int) -> None:
    """Nobody wants to know."""
