"""Which conditions occur together, by whatever name."""

import random
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from training.score.records import PUBLIC_CATEGORY
from training.simulate.errors import UnknownScenarioError
from training.simulate.scenarios import (
    ANCHORS,
    ATOMIC,
    CLEAN,
    COMMON_DOUBLES,
    PORTABLE,
    REFERENCE_NAMES,
    SCENARIOS,
    Scenario,
    caption,
    scenario,
)

EVERY = pytest.mark.parametrize("one", SCENARIOS, ids=lambda one: one.name)


def test_there_are_54_by_size() -> None:
    assert Counter(len(one.parts) for one in SCENARIOS) == {1: 7, 2: 18, 3: 13, 4: 13, 5: 3}
    assert len({frozenset(one.parts) for one in SCENARIOS}) == 54


def test_at_most_one_place_and_never_a_place_with_noise_and_one_other() -> None:
    for one in SCENARIOS:
        anchors = set(one.parts) & set(ANCHORS)
        portable = set(one.parts) & set(PORTABLE)
        assert len(anchors) <= 1
        assert not (anchors and "noise" in portable and len(portable) == 2)


def test_the_common_doubles_are_among_them() -> None:
    assert set(COMMON_DOUBLES) <= set(SCENARIOS)
    assert len(set(COMMON_DOUBLES)) == 4


@EVERY
def test_parts_stand_in_physical_order(one: Scenario) -> None:
    assert list(one.parts) == sorted(one.parts, key=ATOMIC.index)


@EVERY
def test_every_name_in_any_order_is_understood(one: Scenario) -> None:
    shuffled = random.Random(one.name).sample(one.parts, len(one.parts))
    reference = [REFERENCE_NAMES[part] for part in shuffled]
    assert scenario(one.name) is one
    assert scenario(one.reference_name) is one
    assert scenario("_".join(shuffled)) is one
    assert scenario(" + ".join(reference).upper()) is one


def test_the_clean_clip_has_a_name_too() -> None:
    assert scenario("clean") is CLEAN
    assert CLEAN.name == CLEAN.reference_name == "clean"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("far_fild", "far_field"),
        ("noise+recording+far_field", "noise+recording"),
        ("echo+far_field", "echo"),
        ("strong_eko", "echo"),
        ("clean+noise", "noise"),
        ("", "obstructed"),
        ("noise!", "noise"),
    ],
)
def test_an_unknown_name_is_refused_with_near_misses(name: str, near: str) -> None:
    with pytest.raises(UnknownScenarioError) as caught:
        scenario(name)
    offered = caught.value.remedy.split(": ")[1].split(". ")[0].split(", ")
    assert near in offered
    assert all(scenario(offer) in SCENARIOS for offer in offered)


def test_the_reference_names_are_those_of_the_benchmark() -> None:
    renamed = {new: old for new, old in REFERENCE_NAMES.items() if new != old}
    assert {old: new for new, old in renamed.items()} == dict(PUBLIC_CATEGORY)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_scenario_has_a_caption_of_its_own(language: str) -> None:
    captions = [caption(one, language) for one in (CLEAN, *SCENARIOS)]
    assert all(captions)
    assert len(set(captions)) == 55
    assert all(text.isascii() or "é" in text for text in captions) == (language == "en")


def test_a_language_without_captions_gets_english() -> None:
    assert caption(SCENARIOS[0], "tlh") == caption(SCENARIOS[0], "en")


def test_no_caption_is_left_over(repository: Path) -> None:
    titles = tomllib.loads((repository / "resources" / "scenarios.toml").read_text("utf-8"))
    assert set(titles) == {one.name for one in (CLEAN, *SCENARIOS)}
