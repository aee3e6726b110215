"""Lines of the manifest: written, read, refused, and clips made again from them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.audio import load
from tests.training.simulate.speech import spoken
from training.score import parse_record
from training.simulate.effect import Materials
from training.simulate.errors import ManifestError
from training.simulate.manifest import SimulatedClip, parse_manifest, read_manifest, remake
from training.simulate.plan import Rendered, draw, render
from training.simulate.records import bench_record, sft_record, simulation_record


def _clip(name: str, rendered: Rendered | None, materials: Materials, **more: Any) -> SimulatedClip:
    plan = draw(name, 0.6, (7, 4), materials, speed=1.1)
    values = {
        "index": 4, "audio": "clips/00000/00000004.flac", "duration_s": 1.0, "source": "a/b.wav",
        "text": "你好", "language": "zh", "plan": plan, "sampling": "linear", "seed": 7,
        "attempt": 0, "measured": rendered.measured if rendered else (), "gain_db": 0.0,
        "version": "0.1.0", "bank": "1-0",
    }  # fmt: skip
    return SimulatedClip(**(values | more))


def _line(clip: SimulatedClip, **changes: Any) -> bytes:
    return json.dumps(clip.to_json() | changes).encode()


@pytest.mark.parametrize("name", ["far_field+noise", "obstructed+recording+dropout", "clean"])
def test_a_clip_is_remade_bit_for_bit_from_its_line(
    name: str, materials: Materials, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    soundfile.write(tmp_path / "a" / "b.wav", spoken(1.0), 22_050)
    plan = draw(name, 0.6, (7, 4), materials, speed=1.1)
    rendered = render(plan, load(tmp_path / "a" / "b.wav"), materials)
    line = _line(_clip(name, rendered, materials, gain_db=rendered.gain_db))
    (again,) = parse_manifest([line], "here")
    made = remake(again, tmp_path, materials)
    assert np.array_equal(made.wave, rendered.wave)
    assert made.measured == again.measured == rendered.measured
    assert made.gain_db == again.gain_db


def test_reading_gives_what_was_written(materials: Materials, tmp_path: Path) -> None:
    clips = [
        _clip("noise+dropout", None, materials),
        _clip("clean", None, materials, text=None, wer=0.25, wer_model="mini"),
    ]
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(b"\n\n".join(_line(clip) for clip in clips))
    assert list(read_manifest(path)) == clips


def test_lines_are_read_one_by_one(materials: Materials) -> None:
    lines = iter([_line(_clip("noise", None, materials)), b"nonsense"])
    clips = parse_manifest(lines, "here")
    assert next(clips).index == 4
    with pytest.raises(ManifestError, match="here, line 2"):
        next(clips)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, '"format" is 2'),
        ({"index": "4"}, '"index"'),
        ({"severity": True}, '"severity"'),
        ({"scenario": "nois"}, "nois"),
        ({"effects": [{"effect": "magic"}]}, "magic"),
        ({"effects": [{"effect": "loudness"}]}, "loudness"),
        ({"effects": ["loudness"]}, "effects"),
        ({"text": 5}, '"text"'),
    ],
    ids=str,
)
def test_a_line_that_makes_no_sense_is_named(
    changes: dict[str, Any], said: str, materials: Materials
) -> None:
    line = _line(_clip("noise", None, materials), **changes)
    with pytest.raises(ManifestError) as caught:
        list(parse_manifest([b"", line], "set.jsonl"))
    assert "set.jsonl, line 2" in caught.value.what
    assert said in caught.value.what


@pytest.mark.parametrize("line", [b"[1]", b"\xff\xfe", b"{}", b"[" * 100_000])
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(ManifestError):
        list(parse_manifest([line], "here"))


def test_an_absent_manifest_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        next(read_manifest(tmp_path / "absent.jsonl"))


def test_the_references_simulation_record(materials: Materials) -> None:
    record = simulation_record(_clip("echo+recording+dropout", None, materials))
    assert list(record) == [
        "index", "audio_path", "question", "answer", "subset", "combination", "source_scenes",
        "aug_params_m", "global_severity", "speed_factor",
    ]  # fmt: skip
    assert record["combination"] == "strong_echo_crosstalk_stutter"
    assert record["source_scenes"] == ["strong_echo", "crosstalk", "stutter"]
    assert (record["global_severity"], record["speed_factor"]) == (0.6, 1.1)
    assert (record["subset"], record["answer"]) == ("sim-zh-mixed", "你好")


@pytest.mark.parametrize(
    ("name", "category"), [("obstructed", "obstructed"), ("far_field+noise", "mixed")]
)
def test_the_bench_record_is_one_that_can_be_scored(
    name: str, category: str, materials: Materials
) -> None:
    record = bench_record(_clip(name, None, materials))
    assert list(record) == [
        "index", "audio_path", "question", "answer", "subset", "name", "prediction",
    ]  # fmt: skip
    read = parse_record(json.dumps(record).encode())
    assert (read.origin, read.language, read.category) == ("sim", "zh", category)
    assert (read.reference, read.prediction) == ("你好", "")


def test_the_record_for_fine_tuning(materials: Materials) -> None:
    assert sft_record(_clip("noise", None, materials)) == {
        "audio": "clips/00000/00000004.flac",
        "text": "language Chinese<asr_text>你好",
        "prompt": "",
        "speaker": "a/b.wav",
    }
    assert sft_record(_clip("noise", None, materials, speaker="anna"))["speaker"] == "anna"


def test_a_line_from_before_speakers_were_told_is_read(materials: Materials) -> None:
    row = _clip("noise", None, materials).to_json()
    del row["speaker"]
    assert SimulatedClip.from_json(row).speaker == ""
