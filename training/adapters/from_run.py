"""What a training run made, with its lineage."""

from dataclasses import asdict
from pathlib import Path

from engine.checkpoint.fingerprint import base_sha256
from engine.checkpoint.folder import ROUTER_FILE
from engine.models import located
from training.adapters.errors import AdapterError, MissingAdapterError
from training.adapters.fingerprint import adapter_sha256
from training.adapters.lineage import Lineage
from training.finetune.events import HeldOutScored
from training.finetune.run import Run


def adapter_of(run: Run, licence: str = "") -> tuple[Path, Lineage]:
    """The adapter of the last finished stage, and where it comes from.

    Args:
        run: at least one stage of it is finished.
        licence: on what terms the adapter may be used; depends on the data.

    Raises:
        MissingAdapterError: no stage is finished.
        AdapterError: the router was made for an adapter that has been trained anew since.
        ModelError: the base model is not here any more.
    """
    state = run.state()
    stages = [stage for stage in state.finished if run.adapter(stage).is_dir()]
    if not stages:
        raise MissingAdapterError(
            f"No stage of {run.folder.name} is finished.", remedy="Resume it: wildscribe train"
        )
    made = run.adapter(stages[-1])
    _require_own_router(run, stages[-1], made)
    base = located(run.config.model.path)
    start = run.config.adapter.start_from
    scored = [event for event in run.events() if isinstance(event, HeldOutScored)]
    return made, Lineage(
        base=base.name,
        base_sha256=state.base_sha256 or base_sha256(base),
        data_sha256=state.data_sha256 or None,
        recipe=asdict(run.config),
        seeds=(run.config.seed,),
        metrics={"held_out_wer": scored[-1].wer} if scored else {},
        licence=licence,
        parent_sha256=adapter_sha256(Path(start)) if start else None,
    )


def _require_own_router(run: Run, stage: str, made: Path) -> None:
    """The router of a run lies beside a copy of the adapter it was made for."""
    trained = run.starting_adapter(stage)
    if not (made / ROUTER_FILE).is_file() or trained is None:
        return
    if adapter_sha256(made) != adapter_sha256(trained):
        raise AdapterError(
            "The router of this run was made for an adapter that has been trained anew since.",
            "Nothing was added.",
            f"Make it anew: wildscribe train {run.folder} --stage {stage}",
        )
