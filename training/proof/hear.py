"""Test clips and held-out clips, heard by the base and by every adapter, always on.

What is heard behind the router follows from this and from the router's word.
"""

from collections.abc import Sequence
from pathlib import Path

from engine.audio import load
from engine.checkpoint import ModelFolder, with_adapter
from engine.models import located
from engine.recognizer import Clip, Recognizer
from engine.router import Router
from training.adapters.fingerprint import adapter_sha256, file_sha256
from training.evaluate import EvaluationClip
from training.evaluate.store import Heard, Judged, Store
from training.proof.material import read_trials
from training.proof.plan import Plan, Row
from training.proof.rows import adapter_folder, name_of

_ROUTER = "router"
_AT_ONCE = 120
"""Clips in memory at once."""


def hear_base(work: Path, plan: Plan) -> None:
    """Hears all clips with the base model; a clip that was heard is not heard again."""
    _hear(work, str(Row.BASE), str(Row.BASE), _base(plan), read_trials(work).all, gate=0.0)


def hear_row(work: Path, plan: Plan, row: Row, seed: int) -> None:
    """Hears test and held-out clips with the adapter of a row."""
    trials, name = read_trials(work), name_of(row, seed)
    clips = (*trials.tests, *trials.held_out)
    hear_adapter(work, plan, name, adapter_folder(work, row, seed), clips)


def hear_adapter(
    work: Path, plan: Plan, name: str, adapter: Path, clips: Sequence[EvaluationClip]
) -> None:
    """Hears clips with an adapter, and keeps it under a name; what was heard is not heard again."""
    model = with_adapter(_base(plan), adapter)
    _hear(work, name, adapter_sha256(adapter), model, clips, gate=1.0)


def judge_clips(work: Path, path: Path) -> None:
    """Asks a router about all clips; it is not asked twice."""
    by, store = file_sha256(path), _store(work, _ROUTER)
    missing = [
        clip
        for clip in _by_length(read_trials(work).all)
        if (clip.id, by) not in store.probabilities
    ]
    if not missing:
        return
    router = Router.load(path)
    with store.writing() as writer:
        for at in range(0, len(missing), _AT_ONCE):
            part = missing[at : at + _AT_ONCE]
            found = router.probabilities([load(clip.audio) for clip in part])
            for clip, probability in zip(part, found, strict=True):
                writer.judged(Judged(clip.id, by, round(float(probability), 6)))


def router_of(plan: Plan) -> Path:
    """The router that the model has."""
    path = _base(plan).router
    assert path is not None  # mini has one
    return path


def adapter_of(plan: Plan) -> Path:
    """The adapter that the model has."""
    path = _base(plan).adapter
    assert path is not None  # mini has one
    return path


def texts_of(work: Path, row: Row, seed: int) -> dict[str, str]:
    """Clip -> what was heard with the adapter of a row as it is now; of the base, with any seed."""
    if row is Row.BASE:
        return _texts(work, str(row), str(row))
    return texts_with(work, name_of(row, seed), adapter_folder(work, row, seed))


def texts_with(work: Path, name: str, adapter: Path) -> dict[str, str]:
    """Clip -> what was heard with an adapter and kept under a name."""
    return _texts(work, name, adapter_sha256(adapter))


def probabilities_of(work: Path, router: Path) -> dict[str, float]:
    """Clip -> degraded probability by a router that was asked."""
    by = file_sha256(router)
    found = _store(work, _ROUTER).probabilities
    return {clip: one.degraded_probability for (clip, who), one in found.items() if who == by}


def _texts(work: Path, name: str, by: str) -> dict[str, str]:
    found = _store(work, name).hypotheses
    return {clip: heard.text for (clip, who), heard in found.items() if who == by}


def _store(work: Path, name: str) -> Store:
    return Store(work / "heard" / name)


def _base(plan: Plan) -> ModelFolder:
    return located(plan.model)


def _by_length(clips: Sequence[EvaluationClip]) -> list[EvaluationClip]:
    """Batches are then filled evenly."""
    return sorted(clips, key=lambda clip: clip.duration_s)


def _hear(
    work: Path,
    name: str,
    by: str,
    model: ModelFolder,
    clips: Sequence[EvaluationClip],
    gate: float,
) -> None:
    store = _store(work, name)
    missing = [clip for clip in _by_length(clips) if (clip.id, by) not in store.hypotheses]
    if not missing:
        return
    recognizer = Recognizer.load(model, "cpu")
    with store.writing() as writer:
        for at in range(0, len(missing), _AT_ONCE):
            part = missing[at : at + _AT_ONCE]
            asked = [Clip(load(clip.audio), gate=gate) for clip in part]
            for index, found in recognizer.stream(asked):
                writer.heard(
                    Heard(
                        clip=part[index].id,
                        by=by,
                        text=found.text,
                        language=found.language,
                        confidence=round(found.confidence, 4),
                        truncated=found.truncated,
                    )
                )
