"""Pooling, and the report as it is written."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from training.score import Record, score, whisper


def _record(reference: str, prediction: str, subset: str) -> Record:
    origin, language, category = subset.split("-")
    return Record(reference, prediction, origin, language, category)


RECORDS = [
    _record("hello world", "hello brave world", "real-en-noise"),
    _record("one two three four five six seven eight", "one two", "sim-en-noise"),
    _record("你好，世界。", "你好世", "sim-zh-noise"),
    _record("Clean speech.", "clean speech", "sim-en-mixed"),
    _record("", "made up", "real-en-far_field"),
]


def test_rates_pool_errors_and_lengths_rather_than_average_clips() -> None:
    report = score(RECORDS)
    assert report.by_language["en"].pooled.errors == 1 + 6 + 0 + 2
    assert report.by_language["en"].pooled.rate == pytest.approx(9 / 12)
    assert report.by_language["zh"].pooled.rate == pytest.approx(1 / 4)
    assert report.overall.pooled.rate == pytest.approx(10 / 16)
    assert report.breakdown["noise"]["sim"].count == 2


def test_json_report(repository: Path) -> None:
    golden = repository / "tests" / "golden" / "score.json"
    assert score(RECORDS).to_json() == json.loads(golden.read_text(encoding="utf-8"))


def test_no_records() -> None:
    assert score([]).to_json() == {
        "overall": {"error_rate": 0.0, "errors": 0, "reference_length": 0, "count": 0},
        "by_language": {},
        "breakdown": {},
    }


def test_the_normalizer_reaches_every_clip() -> None:
    record = _record("It's twenty", "it's 20", "sim-en-noise")
    assert score([record]).overall.pooled.errors == 1
    assert score([record], whisper).overall.pooled.errors == 0


def test_scoring_needs_no_torch() -> None:
    code = "import sys, training.score as s; s.whisper('a', 'en'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
