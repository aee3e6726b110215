"""The adapters that could ship: mini's own, the best of the rows, and mini's own trained further.

A router can be made for each, by the stage that makes one for anybody's adapter.
"""

from dataclasses import dataclass
from pathlib import Path

from engine.checkpoint.folder import ROUTER_FILE
from training.finetune.run import Run
from training.proof.hear import adapter_of, hear_adapter
from training.proof.material import RL, SFT, read_trials
from training.proof.plan import Plan, Row
from training.proof.results import BEST, FURTHER, PRESENT
from training.proof.rows import name_of, train_run


@dataclass(frozen=True, slots=True)
class Finalist:
    """An adapter that could ship.

    Attributes:
        name: as the page calls it.
        key: plain; names the run of its router, and what was heard with it.
        seed: of its training, and of its router's.
        run: of its training; empty for the one that the model has.
    """

    name: str
    key: str
    seed: int
    run: str = ""

    def adapter(self, work: Path, plan: Plan) -> Path:
        """Its folder, once it is trained."""
        if not self.run:
            return adapter_of(plan)
        run = Run(work / "runs" / self.run)
        return run.adapter(run.config.stages[-1])


def finalists(
    plan: Plan, present_sha256: str, best: tuple[Row, int], row: Row
) -> tuple[Finalist, ...]:
    """All of them, the one that the model has first.

    Args:
        plan: of the proof.
        present_sha256: of the adapter that the model has, or had when the proof was made.
        best: row and seed of the best adapter.
        row: by which mini's own is trained further.
    """
    present = present_sha256[:8]
    further, seed = f"further-{present}-{row}", plan.seeds[0]
    return (
        Finalist(PRESENT, f"present-{present}", seed),
        Finalist(BEST, name_of(*best), best[1], name_of(*best)),
        Finalist(FURTHER, further, seed, further),
    )


def train_further(work: Path, plan: Plan, finalist: Finalist, row: Row) -> None:
    """Goes on with the adapter that the model has, as a row of reinforcement learning does.

    Raises:
        UsageError: the folder holds a run with other settings.
        RunError: the run was paused or stopped.
        WildscribeError: what went wrong in it.
    """
    settings = plan.settings(row, finalist.seed, str(work / RL), str(adapter_of(plan)))
    train_run(work / "runs" / finalist.run, settings)


def router_name(finalist: Finalist) -> str:
    """Of the run that makes its router, and of the job."""
    return f"router-{finalist.key}"


def train_router(work: Path, plan: Plan, finalist: Finalist) -> None:
    """Makes a router for it, from wherever its run is. Raises as `train_further`."""
    adapter = str(finalist.adapter(work, plan))
    settings = plan.router_settings(finalist.seed, str(work / SFT), adapter)
    train_run(work / "runs" / router_name(finalist), settings)


def hear_finalist(work: Path, plan: Plan, finalist: Finalist) -> None:
    """Hears all clips with it, those too that no row hears; what was heard is not heard again."""
    adapter = finalist.adapter(work, plan)
    hear_adapter(work, plan, finalist.key, adapter, read_trials(work).all)


def own_router(work: Path, finalist: Finalist) -> Path | None:
    """Its router, with the report beside it; None where the clips gave none better than chance."""
    run = Run(work / "runs" / router_name(finalist))
    path = run.adapter("router") / ROUTER_FILE
    return path if path.is_file() else None
