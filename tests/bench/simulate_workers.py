"""Sets of clips on the disk: how time grows with their number, and falls with workers."""

import tempfile
import time
from pathlib import Path

from tests.bench.simulate_rate import clean_clips
from training.simulate.run import prepare, simulate

CLIPS = 1_500  # a worker first makes its noise textures, about 7 s; real sets are far larger
SHARD_CLIPS = 25


def measure() -> list[str]:
    """Lines to print. Codecs included; wall time, so nothing else should run beside it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        clean = folder / "clean"
        clean.mkdir()
        for number, flac in enumerate(clean_clips()):
            (clean / f"{number}.flac").write_bytes(flac)
        _seconds(folder, "first", SHARD_CLIPS, 1)  # makes the bank of rooms
        once_s = _seconds(folder, "once", CLIPS, 1)
        twice_s = _seconds(folder, "twice", 2 * CLIPS, 1)
        two_s = _seconds(folder, "two", 2 * CLIPS, 2)
    return [
        f"{CLIPS} clips of 10 s with codecs, FLAC files, 1 worker: {CLIPS / once_s:.0f} a second",
        f"twice as many: {twice_s / once_s:.2f} x the time",
        f"2 workers: {twice_s / two_s:.2f} x as fast as 1",
    ]


def _seconds(folder: Path, name: str, count: int, workers: int) -> float:
    settings, sources = prepare(
        folder / "clean", folder / "rooms", count=count, shard_clips=SHARD_CLIPS
    )
    begin = time.perf_counter()
    simulate(folder / name, settings, sources, workers=workers)
    return time.perf_counter() - begin
