"""Is the new adapter better? Measured, reported and decided, before it may be put to use.

Importing this needs no torch; `training.evaluate.listen` imports it on use.
"""

from training.evaluate.clips import EvaluationClip, Group, evaluation_clips
from training.evaluate.run import Request, evaluate
from training.evaluate.verdict import Limits, Outcome, Verdict, judge

__all__ = [
    "EvaluationClip",
    "Group",
    "Limits",
    "Outcome",
    "Request",
    "Verdict",
    "evaluate",
    "evaluation_clips",
    "judge",
]
