"""The shipped sample says truly where it is degraded."""

import json
from pathlib import Path

import numpy as np
import soundfile as sf

SAMPLES = Path(__file__).resolve().parents[3] / "resources" / "samples"
STEM = SAMPLES / "wild-afternoon"


def _facts() -> dict:
    return json.loads(STEM.with_suffix(".json").read_text(encoding="utf-8"))


def test_it_is_about_forty_seconds_of_mono_speech_at_16_khz() -> None:
    info = sf.info(STEM.with_suffix(".flac"))
    assert (info.samplerate, info.channels) == (16_000, 1)
    assert 30 < info.duration < 50
    assert info.duration == _facts()["duration_s"]


def test_the_reference_is_the_text_of_its_stretches() -> None:
    lines = STEM.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert lines == [text for stretch in _facts()["stretches"] for text in stretch["sentences"]]
    assert 7 <= len(lines) <= 10


def test_degraded_stretches_hold_what_clean_ones_do_not() -> None:
    samples, rate = sf.read(STEM.with_suffix(".flac"), dtype="float32")
    floors: dict[bool, list[float]] = {True: [], False: []}
    for stretch in _facts()["stretches"]:
        part = samples[int(stretch["start_s"] * rate) : int(stretch["end_s"] * rate)]
        frames = part[: len(part) // 160 * 160].reshape(-1, 160)
        floors[stretch["degraded"]].append(float(np.quantile((frames**2).mean(1), 0.1)))
    assert min(floors[True]) > 10 * max(floors[False])
