"""Error rates of many clips: overall, by language, and by condition, real against simulated.

Rates are pooled: all errors over all reference tokens, so a long clip weighs more than a short
one. Overall pools words and characters, as the benchmark does; read it beside ``by_language``.
Beside each rate stand its bootstrap interval and how many clips failed altogether.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from training.score.alignment import align
from training.score.bench_result import bench_result
from training.score.bootstrap import Bootstrap, Interval, rate_interval
from training.score.error_rate import ErrorCount
from training.score.failures import Failure, FailureCounts, find_failures
from training.score.normalizers import Normalizer, bench
from training.score.records import Record


@dataclass(frozen=True, slots=True)
class ClipScore:
    """What one clip contributes.

    Attributes:
        errors: edits and length of the reference.
        failures: the ways in which it failed.
    """

    errors: ErrorCount
    failures: frozenset[Failure] = frozenset()


@dataclass(frozen=True, slots=True)
class Rate:
    """Pooled errors of ``count`` clips.

    Attributes:
        pooled: all edits, all reference tokens.
        count: clips.
        interval: of the pooled rate; None without a reference, or where none was asked for.
        failures: clips that failed, by kind.
    """

    pooled: ErrorCount = field(default_factory=ErrorCount)
    count: int = 0
    interval: Interval | None = None
    failures: FailureCounts = field(default_factory=FailureCounts)

    @classmethod
    def of(cls, clips: Sequence[ClipScore], bootstrap: Bootstrap | None) -> Self:
        """Pools clips; without ``bootstrap`` there is no interval."""
        errors = [clip.errors for clip in clips]
        return cls(
            pooled=sum(errors, start=ErrorCount()),
            count=len(clips),
            interval=rate_interval(errors, bootstrap) if bootstrap else None,
            failures=FailureCounts.of(clip.failures for clip in clips),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data. ``error_rate`` and ``interval`` are in %, two decimals.

        ``error_rate`` is None where words were invented and none was said: no number says how wrong
        that is. (The benchmark says 0; see `training.score.bench_result`.)
        """
        rate = self.pooled.rate
        return {
            "error_rate": None if rate is None else round(100 * rate, 2),
            "errors": self.pooled.errors,
            "reference_length": self.pooled.reference_length,
            "count": self.count,
            "substitutions": self.pooled.substitutions,
            "deletions": self.pooled.deletions,
            "insertions": self.pooled.insertions,
            "interval": self.interval.to_json() if self.interval else None,
            "failures": {kind.value: getattr(self.failures, kind.value) for kind in Failure}
            | {"any": self.failures.any},
        }


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """Error rates of a predictions file.

    Attributes:
        normalizer: name of the rule that was applied to the texts.
        overall: every clip.
        by_language: "en" -> WER, "zh" -> CER.
        breakdown: condition -> "real", "sim" or "unknown" -> rate; only what occurs.
        benchmark: the result of the benchmark's own scorer; see `bench_result`.
    """

    normalizer: str
    overall: Rate
    by_language: Mapping[str, Rate]
    breakdown: Mapping[str, Mapping[str, Rate]]
    benchmark: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The benchmark's result, key for key and figure for figure, and ours under "wildscribe".

        ``overall``, ``by_language`` and ``breakdown`` are what the benchmark's own scorer prints,
        by its own rule for texts, whatever the normalizer; ``wildscribe`` has the same three by
        the normalizer that is named in it, with more fields in each rate, and conditions by our
        names.
        """
        return {
            **self.benchmark,
            "wildscribe": {
                "normalizer": self.normalizer,
                "overall": self.overall.to_json(),
                "by_language": {name: rate.to_json() for name, rate in self.by_language.items()},
                "breakdown": {
                    category: {origin: rate.to_json() for origin, rate in origins.items()}
                    for category, origins in self.breakdown.items()
                },
            },
        }


def score_clip(
    reference: str, hypothesis: str, language: str = "en", normalizer: Normalizer = bench
) -> ClipScore:
    """Scores one text against its reference; the arguments are those of `count_errors`."""
    said, heard = normalizer(reference, language), normalizer(hypothesis, language)
    alignment = align(said, heard)
    return ClipScore(ErrorCount.of(alignment), find_failures(said, heard, alignment))


def score(
    records: Iterable[Record],
    normalizer: Normalizer = bench,
    bootstrap: Bootstrap | None = None,
) -> ScoreReport:
    """Scores predictions; languages, conditions and origins are sorted by name.

    Args:
        records: the predictions.
        normalizer: applied to both texts of each.
        bootstrap: how to find the intervals, by clips; None leaves them out.
    """
    kept = list(records)
    everything: list[ClipScore] = []
    by_language: dict[str, list[ClipScore]] = defaultdict(list)
    breakdown: dict[str, dict[str, list[ClipScore]]] = defaultdict(lambda: defaultdict(list))
    for record in kept:
        clip = score_clip(record.reference, record.prediction, record.language, normalizer)
        everything.append(clip)
        by_language[record.language].append(clip)
        breakdown[record.category][record.origin].append(clip)

    def rates(cells: Mapping[str, Sequence[ClipScore]]) -> dict[str, Rate]:
        return {name: Rate.of(clips, bootstrap) for name, clips in sorted(cells.items())}

    return ScoreReport(
        normalizer=getattr(normalizer, "__name__", "unnamed"),
        overall=Rate.of(everything, bootstrap),
        by_language=rates(by_language),
        breakdown={category: rates(origins) for category, origins in sorted(breakdown.items())},
        benchmark=bench_result(kept),
    )
