"""Training data: read from what people have, every problem listed, and a held-out set split off."""

from training.data.check import check
from training.data.example import Example, read_examples, write_examples
from training.data.problems import Problem, ProblemKind
from training.data.read import read
from training.data.split import split

__all__ = [
    "Example",
    "Problem",
    "ProblemKind",
    "check",
    "read",
    "read_examples",
    "split",
    "write_examples",
]
