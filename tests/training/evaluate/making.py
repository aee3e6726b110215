"""Clips and counts made for the tests."""

from pathlib import Path

from training.evaluate import EvaluationClip, Group
from training.evaluate.verdict import Scores
from training.score import ErrorCount


def clip(number: int, group: Group = Group.OWN, **more) -> EvaluationClip:
    return EvaluationClip(
        **{
            "id": f"{number:016x}",
            "audio": Path(f"{number}.wav"),
            "text": f"one two three {number}",
            "group": group,
            "duration_s": 1.0,
        }
        | more
    )


def counts(errors: list[int], length: int = 10) -> list[ErrorCount]:
    return [ErrorCount(substitutions=number, reference_length=length) for number in errors]


def scores(new: list[int], base: list[int], current: list[int] | None = None) -> Scores:
    others = {"base": counts(base)} | ({} if current is None else {"current": counts(current)})
    return Scores(counts(new), others, draws=range(len(new)))
