"""Error rates in the manifest, and what becomes of clips beyond learning."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import soundfile

from tests.training.simulate.speech import spoken
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.finish import Measure, Report
from training.simulate.learnability import UNLEARNABLE, hearing
from training.simulate.manifest import read_manifest
from training.simulate.mix import Mix
from training.simulate.run import prepare, simulate
from training.simulate.scenarios import scenario

TEXTS = {"0.wav": "one two three four", "1.wav": "one", "2.wav": "you and me"}


@dataclass
class Hears:
    """Hears the same words whatever is said."""

    words: str = "one two three"
    heard: list[int] = field(default_factory=list)

    def __call__(self, waves: Sequence[Wave]) -> list[str]:
        self.heard.append(len(waves))
        return [self.words] * len(waves)


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    folder = tmp_path / "clean"
    folder.mkdir()
    for name in (*TEXTS, "unknown.wav"):
        soundfile.write(folder / name, spoken(0.4), SAMPLE_RATE)
    for name, text in TEXTS.items():
        (folder / name).with_suffix(".txt").write_text(text)
    return folder


def _make(clean: Path, rooms: Path, measure: Measure | None) -> Report:
    mix = Mix(scenarios=(scenario("distortion"),))
    settings, sources = prepare(clean, rooms, count=8, mix=mix, shard_clips=4)
    return simulate(clean.parent / "set", settings, sources, measure=measure)


def test_the_rate_of_each_clip_is_in_its_line(clean: Path, rooms: Path) -> None:
    hears = Hears()
    report = _make(clean, rooms, Measure("deaf", hears))
    rates = {clip.source: clip.wer for clip in read_manifest(report.manifest)}
    assert rates == {"0.wav": 0.25, "1.wav": 2.0, "2.wav": 1.0, "unknown.wav": None}
    assert {clip.wer_model for clip in read_manifest(report.manifest) if clip.text} == {"deaf"}
    assert sum(hears.heard) == 6
    assert (report.clips, report.dropped) == (8, 0)


def test_what_is_beyond_learning_is_dropped_by_choice(clean: Path, rooms: Path) -> None:
    report = _make(clean, rooms, Measure("deaf", Hears(), drop_above=UNLEARNABLE))
    assert (report.clips, report.dropped) == (4, 4)
    assert {clip.source for clip in read_manifest(report.manifest)} == {"0.wav", "unknown.wav"}
    dropped = list(read_manifest(report.manifest.with_name("dropped.jsonl")))
    assert {clip.source for clip in dropped} == {"1.wav", "2.wav"}
    assert _make(clean, rooms, Measure("deaf", Hears())).clips == 8


def test_what_was_measured_is_not_heard_again_unless_by_another_model(
    clean: Path, rooms: Path
) -> None:
    _make(clean, rooms, Measure("deaf", Hears()))
    again, other = Hears(), Hears(words="one")
    _make(clean, rooms, Measure("deaf", again))
    assert again.heard == []
    report = _make(clean, rooms, Measure("other", other))
    rates = {clip.source: clip.wer for clip in read_manifest(report.manifest)}
    assert rates["1.wav"] == 0.0


def test_a_real_model_is_heard_by_its_base_route(sample: Path) -> None:
    from engine.audio import load_span

    first = load_span(sample, 0.0, 4.0)
    heard = hearing("mini")([first, spoken(1.0)])
    assert len(heard) == 2
    assert all(isinstance(text, str) for text in heard)
