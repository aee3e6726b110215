"""What a training run made, with its lineage."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.checkpoint.fingerprint import base_sha256
from engine.checkpoint.folder import ROUTER_FILE
from engine.errors import StorageError
from engine.models import located
from training.adapters.errors import AdapterError, MissingAdapterError
from training.adapters.fingerprint import adapter_sha256
from training.adapters.learnt import Learnt, clip_digest, read_learnt
from training.adapters.lineage import Lineage
from training.data import Example, read_examples
from training.data.example import TRAIN
from training.finetune.config import RunConfig
from training.finetune.events import Event, HeldOutScored
from training.finetune.run import Run
from training.rl.events import BestKept


def adapter_of(run: Run, licence: str = "") -> tuple[Path, Lineage]:
    """The adapter of the last finished stage, and where it comes from.

    Args:
        run: at least one stage of it is finished.
        licence: on what terms the adapter may be used; depends on the data.

    Returns:
        Its folder, and a lineage that does not speak of the clips yet: see `learnt_by`.

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
    wer = _held_out_wer(run.events(), _stages_of(run, stages, made))
    return made, Lineage(
        base=base.name,
        base_sha256=state.base_sha256 or base_sha256(base),
        data_sha256=state.data_sha256 or None,
        recipe=_recipe(run.config),
        seeds=(run.config.seed,),
        metrics={} if wer is None else {"held_out_wer": wer},
        licence=licence,
        parent_sha256=adapter_sha256(Path(start)) if start else None,
    )


def _recipe(config: RunConfig) -> dict[str, Any]:
    """The settings, with names in place of whole paths: adapters are given away, and where their
    maker keeps recordings is nobody's business."""

    def told(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: told(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [told(inner) for inner in value]
        return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value

    recipe: dict[str, Any] = told(asdict(config))
    return recipe


def learnt_by(run: Run) -> Learnt | None:
    """The clips that the adapter of a run and its router learnt from.

    Those are all that the run does not hold out, degraded copies of them, and what the adapter
    that it started from had learnt from; also clips that a curriculum has passed over, since a
    stage begun anew may take them up.

    Returns:
        None where the run has not looked at its data yet.

    Raises:
        StorageError: the run's lists of clips are damaged.
        AdapterError: that of the adapter it started from is.
    """
    if not run.data_file.exists():
        return None
    examples = [*read_examples(run.data_file), *_copies(run)]
    clips = {clip_digest(e.sha256) for e in examples if e.split == TRAIN}
    start = run.config.adapter.start_from
    if not start:
        return Learnt(frozenset(clips), in_full=True)
    before = learnt_of(Path(start))
    if before is None:
        return Learnt(frozenset(clips), in_full=False)
    return Learnt(before.clips | clips, before.in_full)


def learnt_of(adapter: Path) -> Learnt | None:
    """The clips that any adapter learnt from: as ``learnt.txt`` beside it says, or the run in whose
    folder it lies; None where neither is there.

    Raises: as `learnt_by` does; UsageError: the configuration of that run makes no sense.
    """
    told = read_learnt(adapter)
    run_folder = adapter.absolute().parent.parent.parent
    if told is not None or not (run_folder / "config.toml").is_file():
        return told
    run = Run(run_folder)
    own = adapter.absolute() in map(run.adapter, run.config.stages)
    return learnt_by(run) if own else None


def _copies(run: Run) -> Iterator[Example]:
    """Degraded copies, each on the side of its clip; the last line may still be unfinished."""
    if not run.copies_file.exists():
        return
    try:
        for line in run.copies_file.read_bytes().split(b"\n")[:-1]:
            yield Example.from_row(json.loads(line))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise StorageError(
            f"{run.copies_file} cannot be read: {error}.",
            "What was learnt is kept.",
            "Delete it with its folder; the copies are then made again by the stages that need "
            "them.",
        ) from error


def _stages_of(run: Run, stages: Sequence[str], made: Path) -> list[str]:
    """The stages that have this adapter: the one that trained it, and any that copied it."""
    sha256 = adapter_sha256(made)
    return [stage for stage in stages if adapter_sha256(run.adapter(stage)) == sha256]


def _held_out_wer(events: Sequence[Event], stages: Sequence[str]) -> float | None:
    """What the adapter of these stages was measured at, 1 = 100 %; None when it never was.

    A stage that keeps its best adapter measures others after it.
    """
    best = [event for event in events if isinstance(event, BestKept) and event.stage in stages]
    if best:
        return best[-1].wer
    scored = [e for e in events if isinstance(e, HeldOutScored) and e.stage in stages]
    return scored[-1].wer if scored else None


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
