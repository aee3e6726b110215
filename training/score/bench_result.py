"""The benchmark's result: what its own scorer would print for the same records."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import Levenshtein

from training.score.bench_labels import BENCH_CATEGORIES, BENCH_ORIGINS
from training.score.normalizers import bench
from training.score.records import Record


@dataclass(frozen=True, slots=True)
class _Cell:
    """Edits, reference tokens and clips of one cell of the result."""

    errors: int = 0
    reference_length: int = 0
    count: int = 0

    def __add__(self, other: "_Cell") -> "_Cell":
        return _Cell(
            self.errors + other.errors,
            self.reference_length + other.reference_length,
            self.count + other.count,
        )

    def to_json(self) -> dict[str, Any]:
        """The benchmark's four fields; without a reference the rate is 0, errors or not."""
        length = self.reference_length
        return {
            "error_rate": round(self.errors / length * 100, 2) if length else 0.0,
            "errors": self.errors,
            "reference_length": length,
            "count": self.count,
        }


def bench_result(records: Iterable[Record]) -> dict[str, Any]:
    """Scores records as Voices-in-the-Wild-Bench does (`reporting/breakdown.py`, May 2026).

    Always by its own rule for texts, `bench`. "overall" pools words and characters; "by_language"
    has the languages in the order in which they occur; "breakdown" has all eight categories, real
    and sim, then whatever else the records name. Rates are in %, two decimals.

    Our own figures for the same records are in `training.score.report`; they differ in that a rate
    without a reference is None, conditions go by their names here, and only those that occur have
    a row.
    """
    overall = _Cell()
    by_language: dict[str, _Cell] = defaultdict(_Cell)
    breakdown: dict[str, dict[str, _Cell]] = {
        category: {origin: _Cell() for origin in BENCH_ORIGINS} for category in BENCH_CATEGORIES
    }
    for record in records:
        said = bench(record.reference, record.language)
        heard = bench(record.prediction, record.language)
        clip = _Cell(Levenshtein.distance(said, heard), len(said), 1)
        overall += clip
        by_language[record.language] += clip
        origins = breakdown.setdefault(
            record.bench_category, {origin: _Cell() for origin in BENCH_ORIGINS}
        )
        origins[record.origin] = origins.get(record.origin, _Cell()) + clip
    return {
        "overall": overall.to_json(),
        "by_language": {name: cell.to_json() for name, cell in by_language.items()},
        "breakdown": {
            category: {origin: cell.to_json() for origin, cell in origins.items()}
            for category, origins in breakdown.items()
        },
    }
