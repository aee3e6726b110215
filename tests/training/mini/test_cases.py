"""Test cases in the 54 scenarios, and the means that the card gives over them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.mini.corpora import tone_corpus
from training.mini.cases import SCENARIO_SET, Case, scenario_cases
from training.mini.corpus import Clip, Corpus, store_job
from training.mini.evaluate import Outcome, scenario_rate
from training.simulate.scenarios import SCENARIOS

EACH = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus whose first clips are a test set of known voices."""
    folder = tmp_path_factory.mktemp("work")
    tones = tone_corpus(folder / "tones", count=12)
    clips: list[Clip] = [
        replace(clip, split="train" if number < 6 else "known")
        for number, clip in enumerate(tones.clips)
    ]
    (folder / "corpus").mkdir()
    store_job(folder / "corpus", 0, clips, [tones.wave(clip).numpy() for clip in tones.clips])
    return folder


def _cases(folder: Path, part: int, parts: int) -> list[Case]:
    corpus = Corpus(folder / "corpus")
    return list(scenario_cases(corpus, folder / "materials", EACH, part, parts))


def test_two_parts_are_the_whole(folder: Path) -> None:
    whole = _cases(folder, 0, 1)
    halves = [_cases(folder, part, 2) for part in (0, 1)]
    together = [case for pair in zip(*halves, strict=True) for case in pair]
    assert [case.condition for case in together] == [case.condition for case in whole]
    assert all(torch.equal(a.wave, b.wave) for a, b in zip(together, whole, strict=True))


def test_every_scenario_is_heard_at_even_severities(folder: Path) -> None:
    severities: dict[str, list[float]] = {}
    for case in _cases(folder, 0, 1):
        severities.setdefault(case.condition, []).append(case.severity)
        assert case.example.clips[0].split == "known"
    assert list(severities) == [scenario.name for scenario in SCENARIOS]
    assert all(spaced == [0.25, 0.75] for spaced in severities.values())


def test_every_scenario_weighs_the_same_in_the_mean() -> None:
    def outcome(condition: str, heard: str) -> Outcome:
        return Outcome(SCENARIO_SET, condition, "v", 1.0, "one two", heard, "one two", 0.9)

    first, second = SCENARIOS[:2]
    outcomes = [outcome(first.name, "one two")] * 3 + [outcome(second.name, "one")]
    assert scenario_rate(outcomes, "base", [first, second]) == 25.0
    assert scenario_rate(outcomes, "robust", [first, second]) == 0.0
