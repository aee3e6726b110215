"""Exports are what the golden files say, and come back from JSON as they were."""

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import StorageError, TranscriptFormatError, UsageError
from engine.export import FORMATS, read_json, render, write
from engine.transcript import (
    DecidedBy,
    Decoding,
    Flag,
    NonSpeech,
    NonSpeechKind,
    Route,
    Segment,
    Transcript,
)

GOLDEN = Path(__file__).parents[2] / "golden"

INTERVIEW = Transcript(
    source="/recordings/interview [kitchen].m4a",
    duration_s=3_725.5,
    segments=(
        Segment(
            start_s=0.352,
            end_s=3.2,
            text="Good morning, everyone.",
            language="English",
            degraded_probability=0.0312,
            decided_by=DecidedBy.ROUTER,
            confidence=0.9731,
            alternatives=(
                Decoding(
                    Route.BASE,
                    "Good morning, everyone.",
                    "English",
                    0.9731,
                    raw_text="language English<asr_text>Good morning, everyone.",
                ),
            ),
        ),
        Segment(
            start_s=5.024,
            end_s=19.68,
            text=(
                "We were standing at the end of the platform when the announcement came, and "
                "nobody understood a word of it; the loudspeakers there are <really> old & loud. "
                "So we waited, for almost an hour."
            ),
            language="English",
            route=Route.ROBUST,
            degraded_probability=0.9954,
            decided_by=DecidedBy.GUARD,
            confidence=0.61,
            flags=(Flag.SPEAKING_RATE,),
            alternatives=(
                Decoding(Route.BASE, "the the the", "English", 0.2, (Flag.REPETITION,)),
                Decoding(Route.ROBUST, "We were standing", "English", 0.61, (Flag.SPEAKING_RATE,)),
            ),
        ),
        Segment(start_s=3_600.0, end_s=3_600.4, text='=5, "five"', decided_by=DecidedBy.DEFAULT),
        Segment(
            start_s=3_600.5,
            end_s=3_612.0,
            text="我们在站台的尽头等了将近一个小时，没有人听懂广播里说的是什么。后来我们就走了，外面一直在下大雨。",
            language="Chinese",
            route=Route.ROBUST,
            degraded_probability=0.5,
            decided_by=DecidedBy.USER,
            confidence=0.88,
            edited=True,
        ),
        Segment(start_s=3_700.0, end_s=3_701.0),
    ),
    non_speech=(
        NonSpeech(0.0, 0.352, NonSpeechKind.SILENCE),
        NonSpeech(19.68, 3_600.0, NonSpeechKind.NOISE),
    ),
    model="mini",
    warnings=("12.0 s of 3737.5 s are missing: the file is damaged.",),
    complete=False,
)


@pytest.mark.parametrize("format_name", FORMATS)
def test_golden(format_name: str) -> None:
    golden = (GOLDEN / f"interview{FORMATS[format_name]}").read_bytes().decode()
    assert render(INTERVIEW, format_name) == golden


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_empty_transcript_is_written_too(format_name: str) -> None:
    assert isinstance(render(Transcript("a.wav", 0.0), format_name), str)


def test_unknown_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="docx"):
        render(INTERVIEW, "docx")
    with pytest.raises(UsageError, match="format"):
        write(INTERVIEW, tmp_path / "nosuffix")


def test_json_has_the_fields_of_the_schema() -> None:
    whole = json.loads(render(INTERVIEW, "json"))
    assert whole["schema"] == "wildscribe.transcript"
    assert whole["version"] == 1
    assert set(whole) == {
        *("schema", "version", "source", "duration_s", "model", "threshold", "warnings"),
        *("complete", "non_speech", "segments"),
    }
    for segment in whole["segments"]:
        assert set(segment) == {
            *("start_s", "end_s", "text", "language", "route", "degraded_probability"),
            *("decided_by", "confidence", "flags", "alternatives", "edited"),
        }


finite = st.floats(0.0, 1e5, allow_nan=False)
share = st.floats(0.0, 1.0, allow_nan=False)
words = st.text(st.characters(codec="utf-8"), max_size=60)
flags = st.lists(st.sampled_from(Flag), max_size=3, unique=True).map(tuple)
decodings = st.builds(
    Decoding, st.sampled_from(Route), words, st.none() | words, share, flags, words
)
segments = st.builds(
    Segment,
    start_s=finite,
    end_s=finite,
    text=words,
    language=st.none() | words,
    route=st.sampled_from(Route),
    degraded_probability=st.none() | share,
    decided_by=st.sampled_from(DecidedBy),
    confidence=share,
    flags=flags,
    alternatives=st.lists(decodings, max_size=2).map(tuple),
    edited=st.booleans(),
)
transcripts = st.builds(
    Transcript,
    source=words,
    duration_s=finite,
    segments=st.lists(segments, max_size=4).map(tuple),
    non_speech=st.lists(
        st.builds(NonSpeech, finite, finite, st.sampled_from(NonSpeechKind)), max_size=3
    ).map(tuple),
    model=words,
    threshold=share,
    warnings=st.lists(words, max_size=2).map(tuple),
    complete=st.booleans(),
)


@settings(max_examples=100, deadline=None)
@given(transcripts)
def test_json_comes_back_as_it_was(transcript: Transcript) -> None:
    assert read_json(render(transcript, "json")) == transcript


@settings(max_examples=60, deadline=None)
@given(transcripts)
def test_csv_has_a_row_a_segment_and_no_formula(transcript: Transcript) -> None:
    rows = list(csv.reader(io.StringIO(render(transcript, "csv"), newline="")))
    assert len(rows) == len(transcript.segments) + 1
    assert {len(row) for row in rows} == {10}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "other"},
        {"version": 2},
        {"version": None},
        {"segments": 5},
        {"duration_s": "long"},
        {"non_speech": [{"start_s": 0.0, "end_s": 1.0, "kind": "music"}]},
    ],
)
def test_what_is_no_transcript_of_this_version_is_refused(change: dict[str, Any]) -> None:
    whole = json.loads(render(INTERVIEW, "json")) | change
    with pytest.raises(TranscriptFormatError):
        read_json(json.dumps(whole))


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "WEBVTT", "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(TranscriptFormatError):
        read_json(text)


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"none\.json"):
        read_json(tmp_path / "none.json")
    (tmp_path / "x.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TranscriptFormatError):
        read_json(tmp_path / "x.json")


def test_keys_of_later_readers_are_ignored() -> None:
    whole = json.loads(render(INTERVIEW, "json")) | {"colour": "green"}
    assert read_json(json.dumps(whole)) == INTERVIEW


def test_written_files_hold_what_was_rendered(tmp_path: Path) -> None:
    for name, suffix in FORMATS.items():
        path = tmp_path / f"out{suffix}"
        write(INTERVIEW, path)
        assert path.read_bytes().decode() == render(INTERVIEW, name)
    write(INTERVIEW, tmp_path / "captions.txt", "srt")
    assert (tmp_path / "captions.txt").read_bytes().startswith(b"1\n00:00:00,352 -->")
    assert read_json(tmp_path / "out.json") == INTERVIEW
    assert len(list(tmp_path.iterdir())) == len(FORMATS) + 1


def test_a_failed_write_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "taken.srt").mkdir()
    (tmp_path / "taken.srt" / "child").touch()
    for path in (
        tmp_path / "taken.srt",
        tmp_path / "nowhere" / "a.srt",
        tmp_path / f"{'n' * 400}.srt",
    ):
        with pytest.raises(StorageError):
            write(INTERVIEW, path)
    assert [p.name for p in tmp_path.iterdir()] == ["taken.srt"]


def test_nothing_is_written_of_what_can_not_be_rendered(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write(INTERVIEW, path)
    with pytest.raises(ValueError, match="JSON"):
        write(replace(INTERVIEW, duration_s=float("nan")), path)
    assert read_json(path) == INTERVIEW


def test_names_that_are_no_unicode_do_not_stop_an_export(tmp_path: Path) -> None:
    for suffix in FORMATS.values():
        write(replace(INTERVIEW, source="caf\udce9.wav"), tmp_path / f"a{suffix}")
    assert read_json(tmp_path / "a.json").source == "caf?.wav"


@pytest.mark.skipif(os.name == "nt", reason="no POSIX permissions or plain links on Windows")
def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "a.txt", tmp_path / "link.txt"
    path.touch()
    path.chmod(0o640)
    link.symlink_to(path)
    write(INTERVIEW, link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.read_text() == render(INTERVIEW, "txt")
