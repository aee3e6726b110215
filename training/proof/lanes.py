"""Jobs side by side: so many processes with a thread each, the next job whenever one is free.

A model this small gains hardly anything from a second thread; a second training beside the first
nearly doubles what is done.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from engine.errors import WildscribeError

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class JobError(WildscribeError):
    """A job broke off."""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work that leaves everything in files, and goes on where it was.

    Attributes:
        name: plain; names the file that says that it is done.
        work: what to call, of a module.
        arguments: that it is called with.
        needs: names of jobs that must be done before.
    """

    name: str
    work: Callable[..., object]
    arguments: tuple[Any, ...] = ()
    needs: frozenset[str] = field(default_factory=frozenset)


def aloud(line: str) -> None:
    """Prints a line at once, also into a pipe."""
    print(line, flush=True)


def run_jobs(
    jobs: Sequence[Job], done: Path, lanes: int, tell: Callable[[str], None] = aloud
) -> None:
    """Works through jobs in their order, as far as what they need is done.

    Args:
        jobs: what they need comes before them.
        done: folder of the files that say which are done; those are left alone.
        lanes: processes at once; with 1 the work is done in this one.
        tell: told of what is done.

    Raises:
        JobError: one of them ended without being done; the others were ended, too.
        WildscribeError: with one lane, what went wrong.
    """
    done.mkdir(parents=True, exist_ok=True)
    waiting = [job for job in jobs if not (done / job.name).exists()]
    finished = {job.name for job in jobs if job not in waiting}
    working: dict[str, BaseProcess] = {}
    try:
        while waiting or working:
            ready = [job for job in waiting if job.needs <= finished]
            if lanes == 1:
                _work(ready[0], done)
                ended = [ready[0].name]
                waiting.remove(ready[0])
            else:
                for job in ready[: lanes - len(working)]:
                    working[job.name] = _started(job, done)
                    waiting.remove(job)
                ended = _ended(working)
            for name in ended:
                if not (done / name).exists():
                    raise JobError(
                        f"The job {name} broke off; what it said is above.",
                        "What it had done until then is kept, and so are all other jobs.",
                        "Give the same command again: it goes on there.",
                    )
                finished.add(name)
                tell(f"{name} done, {len(finished)} of {len(jobs)}")
    finally:
        for process in working.values():
            process.terminate()
            process.join()


def _started(job: Job, done: Path) -> BaseProcess:
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # read when a new process loads torch
    try:
        process = multiprocessing.get_context("spawn").Process(target=_in_lane, args=(job, done))
        process.start()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return process


def _ended(working: dict[str, BaseProcess]) -> list[str]:
    """Waits until some have ended, and takes them away."""
    over = wait([process.sentinel for process in working.values()])
    names = [name for name, process in working.items() if process.sentinel in over]
    for name in names:
        working.pop(name).join()
    return names


def _in_lane(job: Job, done: Path) -> None:
    """In a new process: Ctrl-C is its parent's business, and without a parent it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    _work(job, done)


def _end_with(parent: int) -> None:
    wait([parent])
    os._exit(1)


def _work(job: Job, done: Path) -> None:
    job.work(*job.arguments)
    (done / job.name).touch()
