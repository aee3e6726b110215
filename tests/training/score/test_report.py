"""Pooling, and the report as it is written."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from training.score import (
    Bootstrap,
    Failure,
    Interval,
    Record,
    bench_result,
    lenient,
    parse_record,
    read_records,
    score,
    score_clip,
    whisper,
)


def _record(answer: str, prediction: str, subset: str, **more: object) -> Record:
    fields = {"answer": answer, "prediction": prediction, "subset": subset} | more
    return parse_record(json.dumps(fields).encode())


def _simulated(answer: str, prediction: str, subset: str, *scenes: str) -> Record:
    """A record as the benchmark has it."""
    more = {"combination": "_".join(scenes), "source_scenes": list(scenes)}
    return _record(answer, prediction, subset, **more)


RECORDS = [
    _simulated("hello world", "hello brave world", "real-en-noise", "noise"),
    _simulated("one two three four five six seven eight", "one two", "sim-en-noise", "noise"),
    _simulated("你好，世界。", "你好世", "sim-zh-noise", "noise"),
    _simulated("Clean speech.", "clean speech", "sim-en-mixed", "noise", "stutter"),
    _simulated("", "made up", "real-en-far_field", "far_field"),
    _record("be quick", "", "sim-en-strong_echo", source_scenes=["strong_echo"]),
]


def test_rates_pool_errors_and_lengths_rather_than_average_clips() -> None:
    report = score(RECORDS)
    assert report.by_language["en"].pooled.errors == 1 + 6 + 0 + 2 + 2
    assert report.by_language["en"].pooled.rate == pytest.approx(11 / 14)
    assert report.by_language["zh"].pooled.rate == pytest.approx(1 / 4)
    assert report.overall.pooled.rate == pytest.approx(12 / 18)
    assert report.breakdown["noise"]["sim"].count == 2


def test_json_report(repository: Path) -> None:
    golden = json.loads((repository / "tests/golden/score.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(score(RECORDS).to_json())) == golden


def test_what_the_benchmark_prints_stands_as_it_is_beside_ours() -> None:
    written = score(RECORDS, lenient, Bootstrap(50)).to_json()
    ours = written.pop("wildscribe")
    assert written == bench_result(RECORDS)
    assert ours["normalizer"] == "lenient"
    assert ours["overall"]["interval"] is not None


def test_other_rules_change_our_figures_and_not_the_benchmarks() -> None:
    record = _simulated("It's twenty", "it's 20", "sim-en-noise", "noise")
    written = score([record], whisper).to_json()
    assert written["overall"]["errors"] == 1
    assert written["wildscribe"]["overall"]["errors"] == 0


def test_json_of_a_rate_has_its_interval_and_failures() -> None:
    rate = score(RECORDS[:2], bootstrap=Bootstrap(50)).to_json()["wildscribe"]["overall"]
    assert (rate["substitutions"], rate["deletions"], rate["insertions"]) == (0, 6, 1)
    assert rate["interval"] == {"estimate": 70.0, "low": 50.0, "high": 75.0, "level": 0.95}
    assert rate["failures"] == {
        "empty": 0, "omission": 1, "hallucination": 0, "repetition": 0, "any": 1,
    }  # fmt: skip


def test_no_records() -> None:
    report = score([], bootstrap=Bootstrap()).to_json()["wildscribe"]
    assert report["overall"]["error_rate"] == 0.0
    assert report["overall"]["count"] == 0
    assert report["overall"]["interval"] is None
    assert (report["by_language"], report["breakdown"]) == ({}, {})


def test_failures_are_counted_in_every_cell() -> None:
    report = score(RECORDS)
    assert report.overall.failures.empty == 1
    assert report.overall.failures.omission == 2
    assert report.overall.failures.hallucination == 1
    assert report.overall.failures.any == 3
    assert report.breakdown["noise"]["sim"].failures.omission == 1
    assert report.breakdown["noise"]["real"].failures.any == 0


def test_intervals_only_where_asked_for_and_where_there_are_clips_enough() -> None:
    assert score(RECORDS).overall.interval is None
    report = score(RECORDS, bootstrap=Bootstrap(resamples=200))
    sure = report.overall.interval
    assert isinstance(sure, Interval)
    assert sure.low <= sure.estimate <= sure.high
    assert sure.estimate == pytest.approx(12 / 18)
    assert report.by_language["zh"].interval is None  # one clip


def test_the_benchmarks_own_records(shared: Path) -> None:
    report = score(read_records(shared / "fixtures/wild-speech/bench.jsonl"))
    # Its predictions are empty: every word is deleted.
    assert report.overall.pooled.rate == 1.0
    assert report.overall.pooled.deletions == report.overall.pooled.reference_length
    assert report.overall.failures.rate(Failure.EMPTY) == 1.0
    assert set(report.breakdown) == {
        "noise", "far_field", "obstructed", "distortion", "recording", "dropout",
    }  # fmt: skip


def test_a_clip_alone() -> None:
    clip = score_clip("今天天气", "今天", "zh")
    assert (clip.errors.deletions, clip.errors.reference_length) == (2, 4)
    assert clip.failures == frozenset()


def test_the_normalizer_reaches_every_clip() -> None:
    record = _record("It's twenty", "it's 20", "sim-en-noise")
    assert score([record]).overall.pooled.errors == 1
    assert score([record], whisper).overall.pooled.errors == 0


def test_scoring_needs_no_torch() -> None:
    code = "import sys, training.score as s; s.whisper('a', 'en'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
