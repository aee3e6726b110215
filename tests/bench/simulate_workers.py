"""Sets of clips on the disk: how time grows with their number, and falls with workers."""

import tempfile
import time
from pathlib import Path

from tests.bench.simulate_rate import clean_clips
from training.simulate import textures
from training.simulate.run import prepare, simulate
from training.simulate.settings import Settings
from training.simulate.shards import materials_of
from training.simulate.sources import Sources

CLIPS = 800
"""So many that what a worker needs to load its libraries, about 1 s, hardly counts. Textures and
babble are on the disk, as they are for every set but a person's first."""

SHARD_CLIPS = 25


def measure() -> list[str]:
    """Lines to print. Codecs included; wall time, so nothing else should run beside it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        clean = folder / "clean"
        clean.mkdir()
        for number, flac in enumerate(clean_clips()):
            (clean / f"{number}.flac").write_bytes(flac)
        _make_materials(folder)
        once_s = _seconds(folder, "once", CLIPS, 1)
        twice_s = _seconds(folder, "twice", 2 * CLIPS, 1)
        two_s = _seconds(folder, "two", 2 * CLIPS, 2)
    return [
        f"{CLIPS} clips of 10 s with codecs, FLAC files, 1 worker: {CLIPS / once_s:.0f} a second",
        f"twice as many: {twice_s / once_s:.2f} x the time",
        f"2 workers: {twice_s / two_s:.2f} x as fast as 1",
    ]


def _prepared(folder: Path, count: int) -> tuple[Settings, Sources]:
    return prepare(folder / "clean", folder / "rooms", count=count, shard_clips=SHARD_CLIPS)


def _make_materials(folder: Path) -> None:
    """Rooms, textures and babble, to be found by every set that follows."""
    materials = materials_of(_prepared(folder, 1)[0])
    for kind in (*textures.KINDS, "babble"):
        for name in materials.sounds(kind):
            materials.sound(name, 0.0, 1)


def _seconds(folder: Path, name: str, count: int, workers: int) -> float:
    settings, sources = _prepared(folder, count)
    begin = time.perf_counter()
    simulate(folder / name, settings, sources, workers=workers)
    return time.perf_counter() - begin
