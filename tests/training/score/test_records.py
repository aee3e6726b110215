"""Predictions files, good and bad."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.score import Record, RecordError, parse_record, read_records

GOOD = {"answer": "hello", "prediction": "hallo", "subset": "sim-en-noise"}


def _line(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


def _without(key: str) -> bytes:
    return json.dumps({k: v for k, v in GOOD.items() if k != key}).encode()


def test_a_whole_benchmark_record() -> None:
    line = _line(
        index=1755,
        audio_path="noise.wav",
        question="Please transcribe the audio content into text.",
        name="vitw_01756",
        subset="real-zh-far_field",
        combination="far_field",
        source_scenes=["far_field"],
        aug_params_m={"far_field": 0.42},
        global_severity=0.42,
        speed_factor=None,
    )
    assert parse_record(line) == Record(
        "hello", "hallo", "real", "zh", "far_field", "vitw_01756", bench_category="mixed"
    )


@pytest.mark.parametrize(
    ("internal", "ours"),
    [
        ("barrier", "obstructed"),
        ("crosstalk", "recording"),
        ("strong_echo", "echo"),
        ("stutter", "dropout"),
        ("far_field", "far_field"),
    ],
)
@pytest.mark.parametrize("place", ["subset", "combination", "source_scenes"])
def test_a_condition_has_our_name_wherever_it_is_written(
    place: str, internal: str, ours: str
) -> None:
    written = {
        "subset": {"subset": f"sim-en-{internal}"},
        "combination": {"subset": "sim-en", "combination": internal},
        "source_scenes": {"subset": "sim-en", "source_scenes": [internal]},
    }
    assert parse_record(_line(**written[place])).category == ours


@pytest.mark.parametrize(
    "fields",
    [
        {"subset": "sim-en-mixed"},
        {"combination": "noise_stutter"},
        {"combination": "strong_echo_crosstalk_stutter"},
        {"combination": "far_field+noise"},
        {"source_scenes": ["noise", "stutter"]},
    ],
)
def test_several_conditions_are_mixed(fields: dict[str, object]) -> None:
    assert parse_record(_line(**fields)).category == "mixed"


@pytest.mark.parametrize("fields", [{"subset": "sim-zh"}, {"subset": ""}, {"subset": "en-"}])
def test_no_condition_is_unknown(fields: dict[str, object]) -> None:
    assert parse_record(_line(**fields)).category == "unknown"


def test_only_the_answer_is_needed() -> None:
    assert parse_record(b'{"answer": "hello"}') == Record("hello", "", "unknown", "en", "unknown")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b"\xff\xfe{}", "not UTF-8"),
        (_without("answer"), '"answer" is missing'),
        (_line(prediction=None), '"prediction" is null, not a text'),
        (_line(answer=3), '"answer" is 3, not a text'),
        (_line(source_scenes="noise"), '"source_scenes" is "noise", not a list'),
    ],
)
def test_a_bad_line_is_named_with_its_number(line: bytes, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_bytes(_line() + b"\n\n" + line + b"\n")
    with pytest.raises(RecordError) as caught:
        read_records(path)
    assert "line 3" in caught.value.what
    assert complaint in caught.value.what
    assert caught.value.remedy


def test_byte_order_mark_blank_lines_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + _line() + b"\r\n  \r\n" + _line(prediction="") + b"\r\n")
    assert [record.prediction for record in read_records(path)] == ["hallo", ""]


def test_separators_inside_a_text_do_not_end_the_line(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    record = GOOD | {"answer": "one\u2028two\u0085three"}
    path.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    assert len(read_records(path)) == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"absent\.jsonl cannot be read"):
        read_records(tmp_path / "absent.jsonl")


@given(
    st.fixed_dictionaries(
        {
            "answer": st.text(),
            "prediction": st.text(),
            "subset": st.builds(
                "{}-{}-{}".format,
                st.sampled_from(["real", "sim"]),
                st.sampled_from(["en", "zh"]),
                st.sampled_from(["noise", "mixed", "far_field"]),
            ),
        }
    )
)
def test_what_is_written_is_read(fields: dict[str, str]) -> None:
    record = parse_record(json.dumps(fields).encode())
    assert record.reference == fields["answer"]
    assert record.prediction == fields["prediction"]
    assert fields["subset"] == f"{record.origin}-{record.language}-{record.category}"


@given(
    st.binary()
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(
        lambda value: json.dumps(value).encode()
    )
)
def test_any_bytes_give_a_record_or_a_typed_error(line: bytes) -> None:
    with contextlib.suppress(RecordError):
        assert isinstance(parse_record(line), Record)
