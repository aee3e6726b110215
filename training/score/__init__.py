"""How wrong is a transcript? Error rates as the benchmark counts them, how sure, and how failed."""

from training.score.alignment import Alignment, align
from training.score.bench_result import bench_result
from training.score.bootstrap import (
    Bootstrap,
    Difference,
    Interval,
    rate_difference,
    rate_interval,
)
from training.score.error_rate import ErrorCount, count_errors
from training.score.failures import Failure, FailureCounts, find_failures
from training.score.normalizers import NORMALIZERS, Normalizer, bench, lenient, whisper
from training.score.records import Record, RecordError, parse_record, read_records
from training.score.report import ClipScore, Rate, ScoreReport, score, score_clip

__all__ = [
    "NORMALIZERS",
    "Alignment",
    "Bootstrap",
    "ClipScore",
    "Difference",
    "ErrorCount",
    "Failure",
    "FailureCounts",
    "Interval",
    "Normalizer",
    "Rate",
    "Record",
    "RecordError",
    "ScoreReport",
    "align",
    "bench",
    "bench_result",
    "count_errors",
    "find_failures",
    "lenient",
    "parse_record",
    "rate_difference",
    "rate_interval",
    "read_records",
    "score",
    "score_clip",
    "whisper",
]
