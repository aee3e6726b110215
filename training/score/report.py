"""Error rates of many clips: overall, by language, and by condition, real against simulated.

Rates are pooled: all errors over all reference tokens, so a long clip weighs more than a short
one. Overall pools words and characters, as the benchmark does; read it beside ``by_language``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from training.score.error_rate import ErrorCount, count_errors
from training.score.normalizers import Normalizer, bench
from training.score.records import Record


@dataclass(frozen=True, slots=True)
class Rate:
    """Pooled errors of ``count`` clips."""

    pooled: ErrorCount = field(default_factory=ErrorCount)
    count: int = 0

    def with_clip(self, errors: ErrorCount) -> "Rate":
        """One clip more."""
        return Rate(self.pooled + errors, self.count + 1)

    def to_json(self) -> dict[str, Any]:
        """The benchmark's fields; ``error_rate`` in %, two decimals, None without a reference."""
        rate = self.pooled.rate
        return {
            "error_rate": None if rate is None else round(100 * rate, 2),
            "errors": self.pooled.errors,
            "reference_length": self.pooled.reference_length,
            "count": self.count,
        }


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """Error rates of a predictions file.

    Attributes:
        overall: every clip.
        by_language: "en" -> WER, "zh" -> CER.
        breakdown: category -> "real" or "sim" -> rate; only what occurs.
    """

    overall: Rate
    by_language: Mapping[str, Rate]
    breakdown: Mapping[str, Mapping[str, Rate]]

    def to_json(self) -> dict[str, Any]:
        """Plain data in the benchmark's result format."""
        return {
            "overall": self.overall.to_json(),
            "by_language": {name: rate.to_json() for name, rate in self.by_language.items()},
            "breakdown": {
                category: {origin: rate.to_json() for origin, rate in origins.items()}
                for category, origins in self.breakdown.items()
            },
        }


def score(records: Iterable[Record], normalizer: Normalizer = bench) -> ScoreReport:
    """Scores predictions; languages, categories and origins are sorted by name."""
    overall = Rate()
    by_language: dict[str, Rate] = {}
    breakdown: dict[str, dict[str, Rate]] = {}
    for record in records:
        errors = count_errors(record.reference, record.prediction, record.language, normalizer)
        overall = overall.with_clip(errors)
        language = by_language.get(record.language, Rate())
        by_language[record.language] = language.with_clip(errors)
        origins = breakdown.setdefault(record.category, {})
        origins[record.origin] = origins.get(record.origin, Rate()).with_clip(errors)
    return ScoreReport(
        overall,
        dict(sorted(by_language.items())),
        {category: dict(sorted(breakdown[category].items())) for category in sorted(breakdown)},
    )
