"""The three parts of the model that have learning rates of their own."""

import re
from enum import StrEnum

from engine.checkpoint.names import ALIGNER, ENCODER, LANGUAGE_MODEL
from training.finetune.config import SftConfig


class Scope(StrEnum):
    """A part of the model, as the paper divides it."""

    ENCODER = "encoder"
    ALIGNER = "aligner"
    LANGUAGE_MODEL = "language_model"

    @property
    def pattern(self) -> str:
        """Full match of the native names of its modules."""
        return _PATTERNS[self]


_PATTERNS = {
    Scope.ENCODER: ENCODER,
    Scope.ALIGNER: ALIGNER,
    Scope.LANGUAGE_MODEL: LANGUAGE_MODEL,
}


def rates(phase: SftConfig) -> dict[Scope, float]:
    """Learning rates of the scopes that a phase trains."""
    all_rates = {
        Scope.ENCODER: phase.encoder_rate,
        Scope.ALIGNER: phase.aligner_rate,
        Scope.LANGUAGE_MODEL: phase.language_model_rate,
    }
    return {scope: rate for scope, rate in all_rates.items() if rate > 0.0}


def scope_of(module: str) -> Scope | None:
    """The scope of a module by its native name; None for what no adapter may touch."""
    return next((s for s in Scope if re.fullmatch(s.pattern, module)), None)
