"""Who makes the shards: this process, several processes, or a cluster."""

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from urllib.parse import urlsplit

from training.simulate.errors import WorkerError
from training.simulate.shards import make_shard

_KEPT = "Finished shards are kept."
_AGAIN = "Give the same command again; it goes on where it stopped."
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PATIENCE_S = 15

Make = Callable[[str, int], object]
"""`make_shard`, or what stands in for it; importable by its name."""

Finished = Generator[int, None, None]
"""Numbers of shards as they are done; closing it gives up what was not begun."""


def here(folder: str, shards: Sequence[int]) -> Finished:
    """Makes shards one after the other; yields the number of each that is done."""
    for shard in shards:
        make_shard(folder, shard)
        yield shard


def in_processes(
    folder: str, shards: Sequence[int], workers: int, make: Make = make_shard
) -> Finished:
    """Makes shards in so many processes of one thread each; yields each number when it is done.

    When the iteration is given up, shards that were begun are finished and no others begun.

    Raises:
        WorkerError: a process ended on its own.
    """
    spawn = multiprocessing.get_context("spawn")
    with (
        _one_thread_each(),
        ProcessPoolExecutor(workers, mp_context=spawn, initializer=_settle_in) as pool,
    ):
        futures = {pool.submit(make, folder, shard): shard for shard in shards}
        try:
            for future in as_completed(futures):
                future.result()
                yield futures[future]
        except BrokenProcessPool as error:
            raise WorkerError(
                "A process that made clips ended on its own, perhaps for want of memory.",
                _KEPT,
                _AGAIN + " Fewer --workers need less memory.",
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def on_cluster(folder: str, shards: Sequence[int], address: str) -> Finished:
    """Makes shards on a Dask cluster; yields each number when it is done.

    Its workers see the folder, the clean clips and the noises under the same paths, and have this
    version of Wildscribe.

    Args:
        folder: of the set; absolute.
        shards: to make.
        address: of the scheduler: "tcp://10.0.0.1:8786".

    Raises:
        WorkerError: dask is not installed, nothing answers, or workers keep dying.
    """
    try:
        from distributed import Client, KilledWorker
        from distributed import as_completed as as_finished
    except ImportError as error:
        raise WorkerError(
            "Clusters need dask, which is not installed.",
            _KEPT,
            "Install it with: pip install 'wildscribe[scale]'; or use --workers.",
        ) from error
    try:
        # A client that finds nobody leaves its thread behind.
        place = urlsplit(address)
        socket.create_connection((place.hostname, place.port), _PATIENCE_S).close()
        client = Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, TypeError, ValueError) as error:
        raise WorkerError(
            f"No Dask cluster answers at {address}: {error}",
            _KEPT,
            "Check the address, and that the scheduler runs.",
        ) from error
    with client:
        futures = {client.submit(make_shard, folder, shard, pure=False): shard for shard in shards}
        try:
            for future in as_finished(list(futures), loop=client.loop):
                future.result()
                yield futures[future]
        except (KilledWorker, OSError) as error:
            raise WorkerError(f"The cluster gave up: {error}", _KEPT, _AGAIN) from error
        finally:
            client.cancel(list(futures))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """New processes read these when they load numpy."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _settle_in() -> None:
    """In a new process: Ctrl-C is its parent's business, and without a parent it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    # A killed parent can't tell its pool to end, and the pool would wait for it for ever.
    wait([sentinel])
    os._exit(1)
