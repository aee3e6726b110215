"""Jobs are done once, in an order that fits, and what breaks off stops the rest."""

import os
import shutil
from pathlib import Path

import pytest

from training.proof.lanes import Job, JobError, run_jobs


def quiet(_: str) -> None:
    pass


def test_jobs_run_in_their_order_and_only_once(tmp_path: Path) -> None:
    jobs = [
        Job("a", os.mkdir, (tmp_path / "x",)),
        Job("b", os.mkdir, (tmp_path / "x" / "y",), frozenset({"a"})),
    ]
    told: list[str] = []
    run_jobs(jobs, tmp_path / "done", 1, told.append)
    run_jobs(jobs, tmp_path / "done", 1, told.append)  # mkdir would fail
    assert told == ["a done, 1 of 2", "b done, 2 of 2"]


def test_a_job_that_failed_is_done_again_and_those_before_are_not(tmp_path: Path) -> None:
    jobs = [
        Job("a", os.mkdir, (tmp_path / "x",)),
        Job("b", shutil.rmtree, (tmp_path / "y",), frozenset({"a"})),
    ]
    with pytest.raises(FileNotFoundError):
        run_jobs(jobs, tmp_path / "done", 1, quiet)
    (tmp_path / "y").mkdir()
    run_jobs(jobs, tmp_path / "done", 1, quiet)
    assert not (tmp_path / "y").exists()


def test_in_two_lanes_what_needs_a_job_waits_for_it(tmp_path: Path) -> None:
    deep = tmp_path / "x" / "y"
    jobs = [
        Job("a", os.makedirs, (tmp_path / "x",)),
        Job("b", os.mkdir, (deep,), frozenset({"a"})),
        Job("c", os.mkdir, (tmp_path / "z",)),
    ]
    run_jobs(jobs, tmp_path / "done", 2, quiet)
    assert deep.is_dir()
    assert (tmp_path / "z").is_dir()


def test_a_job_that_breaks_off_in_its_process_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    jobs = [Job("a", os.rmdir, (tmp_path / "x",)), Job("b", os.mkdir, (tmp_path / "y",))]
    with pytest.raises(JobError, match="a broke off"):
        run_jobs(jobs, tmp_path / "done", 2, quiet)
    assert "FileNotFoundError" in capfd.readouterr().err
