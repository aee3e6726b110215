"""How wrong is a transcript? Word and character error rates, the way the benchmark counts them."""

from training.score.error_rate import ErrorCount, count_errors
from training.score.normalizers import NORMALIZERS, Normalizer, bench, whisper
from training.score.records import Record, RecordError, parse_record, read_records
from training.score.report import ScoreReport, score

__all__ = [
    "NORMALIZERS",
    "ErrorCount",
    "Normalizer",
    "Record",
    "RecordError",
    "ScoreReport",
    "bench",
    "count_errors",
    "parse_record",
    "read_records",
    "score",
    "whisper",
]
