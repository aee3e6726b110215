"""Every test clip and every held-out clip, heard by the base and by every adapter, always on.

What is heard behind the router follows from this and from the router's word.
"""

from collections.abc import Sequence
from pathlib import Path

from engine.audio import load
from engine.checkpoint import ModelFolder, locate, with_adapter
from engine.models import find
from engine.recognizer import Clip, Recognizer
from engine.router import Router
from training.evaluate import EvaluationClip
from training.evaluate.store import Heard, Judged, Store
from training.proof.material import read_tests
from training.proof.plan import Plan, Row
from training.proof.rows import adapter_folder, name_of

ROUTER = "router"
_AT_ONCE = 120
"""Clips in memory at once."""


def hear_base(work: Path, plan: Plan) -> None:
    """Hears all clips with the base model; a clip that was heard is not heard again."""
    _hear(work, str(Row.BASE), _base(plan), gate=0.0)


def hear_row(work: Path, plan: Plan, row: Row, seed: int) -> None:
    """Hears all clips with the adapter of a row; a clip that was heard is not heard again."""
    model = with_adapter(_base(plan), adapter_folder(work, row, seed))
    _hear(work, name_of(row, seed), model, gate=1.0)


def judge_clips(work: Path, plan: Plan) -> None:
    """Asks the model's router about all clips."""
    path = locate(find(plan.model)).router
    assert path is not None  # mini has one
    router = Router.load(path)
    store = store_of(work, ROUTER)
    missing = [clip for clip in _clips(work) if (clip.id, ROUTER) not in store.probabilities]
    with store.writing() as writer:
        for at in range(0, len(missing), _AT_ONCE):
            part = missing[at : at + _AT_ONCE]
            found = router.probabilities([load(clip.audio) for clip in part])
            for clip, probability in zip(part, found, strict=True):
                writer.judged(Judged(clip.id, ROUTER, round(float(probability), 6)))


def store_of(work: Path, name: str) -> Store:
    """What was heard so far by one of them."""
    return Store(work / "heard" / name)


def _base(plan: Plan) -> ModelFolder:
    return locate(find(plan.model))


def _clips(work: Path) -> Sequence[EvaluationClip]:
    clips, held_out = read_tests(work)
    # By length: batches are then filled evenly.
    return sorted((*clips, *held_out), key=lambda clip: clip.duration_s)


def _hear(work: Path, name: str, model: ModelFolder, gate: float) -> None:
    store = store_of(work, name)
    missing = [clip for clip in _clips(work) if (clip.id, name) not in store.hypotheses]
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
                        by=name,
                        text=found.text,
                        language=found.language,
                        confidence=round(found.confidence, 4),
                        truncated=found.truncated,
                    )
                )
