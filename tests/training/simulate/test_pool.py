"""Several processes, and a cluster on this machine."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import soundfile

from tests.training.simulate.dying import die
from tests.training.simulate.speech import spoken
from training.simulate.effect import SAMPLE_RATE
from training.simulate.errors import WorkerError
from training.simulate.manifest import read_manifest
from training.simulate.pool import in_processes, on_cluster
from training.simulate.run import prepare, simulate


def test_a_worker_that_dies_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="ended on its own"):
        list(in_processes(str(tmp_path), range(4), 2, die))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "tcp://127.0.0.1:port"])
def test_a_cluster_that_is_not_there_is_a_typed_error(address: str, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs the extra 'scale'")
    with pytest.raises(WorkerError, match="No Dask cluster"):
        list(on_cluster(str(tmp_path), range(2), address))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """A scheduler and two workers, each a process of its own; the scheduler's address."""
    pytest.importorskip("distributed", reason="needs the extra 'scale'")
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    child = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdout, child.stdin:
        yield child.stdout.readline().strip()
        family = psutil.Process(child.pid).children(recursive=True)
        child.stdin.write("end\n")
    child.wait()
    psutil.wait_procs(family, timeout=60)


CLUSTER = """
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1",
        dashboard_address=None,
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        input()
"""


def test_a_cluster_of_two_workers_makes_the_same_set(
    cluster: str, rooms: Path, tmp_path: Path
) -> None:
    clean = tmp_path / "clean"
    clean.mkdir()
    for index in range(4):
        soundfile.write(clean / f"{index}.wav", spoken(0.4, index), SAMPLE_RATE)
    settings, sources = prepare(clean, rooms, count=12, seed=1, shard_clips=2)
    seen: list[int] = []
    report = simulate(
        tmp_path / "dask", settings, sources, dask=cluster,
        on_progress=lambda done, total: seen.append(done),
    )  # fmt: skip
    assert seen == list(range(0, 13, 2))
    assert [clip.index for clip in read_manifest(report.manifest)] == list(range(12))
    simulate(tmp_path / "here", settings, sources)
    for path in (tmp_path / "here").rglob("*"):
        other = tmp_path / "dask" / path.relative_to(tmp_path / "here")
        assert path.is_dir() or other.read_bytes() == path.read_bytes()
