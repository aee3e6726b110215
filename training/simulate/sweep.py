"""How router and recogniser take a scenario as it gets worse, step by step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from engine.recognizer import Clip, Recognizer
from engine.router import Router
from training.score import ErrorCount, count_errors
from training.simulate.effect import Materials, Wave
from training.simulate.plan import draw, render
from training.simulate.scenarios import Scenario

TEN_LEVELS = tuple((np.arange(10) / 9).tolist())


@dataclass(frozen=True, slots=True)
class Spoken:
    """A clean clip whose words are known: mono float32 at 16 kHz."""

    wave: Wave
    text: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Level:
    """All clips at one severity.

    Attributes:
        severity: in [0, 1].
        degraded_probability: mean of the router's, in [0, 1].
        errors: of the recogniser, pooled.
    """

    severity: float
    degraded_probability: float
    errors: ErrorCount

    @property
    def word_error_rate(self) -> float:
        """Errors per word (character, for Chinese); may exceed 1."""
        return self.errors.rate or 0.0


def sweep(
    scenario: Scenario | str,
    clips: Sequence[Spoken],
    materials: Materials,
    router: Router,
    recognizer: Recognizer,
    *,
    severities: Sequence[float] = TEN_LEVELS,
    gate: float = 0.0,
    seed: int = 0,
    on_level: Callable[[Level], None] | None = None,
) -> list[Level]:
    """Renders the same clips at each severity and listens to them.

    A clip keeps its random numbers from level to level, so that nothing but severity changes.

    Args:
        scenario: one of the 54, or its name.
        clips: at least one.
        materials: rooms and sounds.
        router: judges each clip.
        recognizer: hears each clip.
        severities: the levels, each in [0, 1].
        gate: weight of the adapter: 0 is the base route, 1 the robust one.
        seed: of all random numbers.
        on_level: told of each level when it is done.
    """
    levels = []
    for severity in severities:
        waves = [
            render(draw(scenario, severity, (seed, index), materials), clip.wave, materials).wave
            for index, clip in enumerate(clips)
        ]
        heard = recognizer.transcribe([Clip(wave, gate) for wave in waves])
        errors = sum(
            (
                count_errors(clip.text, hypothesis.text, clip.language)
                for clip, hypothesis in zip(clips, heard, strict=True)
            ),
            start=ErrorCount(),
        )
        level = Level(severity, float(router.probabilities(waves).mean()), errors)
        levels.append(level)
        if on_level is not None:
            on_level(level)
    return levels


def rank_correlation(levels: Sequence[Level]) -> float:
    """Spearman's correlation of severity and word error rate, in [-1, 1]; at least two levels."""
    rates = [level.word_error_rate for level in levels]
    return float(spearmanr([level.severity for level in levels], rates).statistic)
