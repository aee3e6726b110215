"""A router for the best adapter, by the stage that makes one for anybody's."""

from pathlib import Path

from engine.checkpoint.folder import ROUTER_FILE
from training.finetune.run import Run
from training.proof.material import SFT
from training.proof.plan import Plan, Row
from training.proof.rows import adapter_folder, name_of, train_run


def router_name(row: Row, seed: int) -> str:
    """Of the run, and of the job."""
    return f"router-{name_of(row, seed)}"


def router_run(work: Path, row: Row, seed: int) -> Path:
    """Where the run is."""
    return work / "runs" / router_name(row, seed)


def train_router(work: Path, plan: Plan, row: Row, seed: int) -> None:
    """Makes the router, from wherever its run is.

    Raises:
        UsageError: the folder holds a run with other settings.
        RunError: the run was paused or stopped.
        WildscribeError: what went wrong in it.
    """
    adapter = str(adapter_folder(work, row, seed))
    settings = plan.router_settings(seed, str(work / SFT), adapter)
    train_run(router_run(work, row, seed), settings)


def own_router(work: Path, row: Row, seed: int) -> Path | None:
    """The router, with its report beside it; None where the clips gave none better than chance."""
    run = Run(router_run(work, row, seed))
    path = run.adapter("router") / ROUTER_FILE
    return path if path.is_file() else None
