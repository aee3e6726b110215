"""From examples to clips, and into tables."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.evaluate.making import clip
from training.data import Example
from training.data.records import to_example
from training.evaluate import Group, evaluation_clips
from training.evaluate.tables import tables
from training.score import Bootstrap, score_clip


def _example(**more) -> Example:
    return Example(**{"audio": Path("a.wav"), "text": "hello", "language": "English"} | more)


@pytest.mark.parametrize(
    ("scenario", "group", "conditions"),
    [
        ("", Group.OWN, ()),
        ("clean", Group.CLEAN, ()),
        ("noise", Group.DEGRADED, ("noise",)),
        ("strong_echo_stutter", Group.DEGRADED, ("echo", "dropout")),
        ("noise+far_field", Group.DEGRADED, ("far_field", "noise")),
        ("mixed", Group.DEGRADED, ("mixed",)),
    ],
)
def test_the_scenario_tells_the_kind(scenario, group, conditions):
    (made,) = evaluation_clips([_example(scenario=scenario)])
    assert (made.group, made.conditions) == (group, conditions)


@pytest.mark.parametrize(
    ("record", "scenario"),
    [
        ({"scenario": "noise", "subset": "sim-en-mixed"}, "noise"),
        ({"combination": "strong_echo_stutter", "subset": "sim-en-mixed"}, "echo+dropout"),
        ({"subset": "real-en-far_field"}, "far_field"),
        ({"subset": "sim-zh-clean"}, ""),
        ({}, ""),
    ],
)
def test_every_kind_of_record_tells_its_scenario(record, scenario):
    made = to_example({"text": "hello"} | record, Path("a.wav"), "line 1", "en")
    assert isinstance(made, Example)
    (found,) = evaluation_clips([made])
    assert found.scenario == scenario


def test_languages_and_rules():
    english, chinese, japanese = evaluation_clips(
        [_example(language=name) for name in ("English", "Chinese", "Japanese")]
    )
    assert (english.language, english.scored_as) == ("en", "en")
    assert (chinese.language, chinese.scored_as) == ("zh", "zh")
    assert (japanese.language, japanese.scored_as) == ("ja", "zh")


def test_what_the_model_reads_first_makes_it_another_question():
    """What is stored of clips without a context keeps its name."""
    plain, told = evaluation_clips(
        [_example(sha256="ab" * 32), _example(sha256="ab" * 32, prompt="Olivia, Denver")]
    )
    assert (plain.context, told.context) == ("", "Olivia, Denver")
    assert plain.id == told.id == plain.key == "ab" * 8
    assert told.key != plain.key
    assert told.key != replace(told, context="Olivia").key


def test_clips_are_sorted_into_tables():
    clips = [
        clip(1, Group.CLEAN),
        clip(2, Group.DEGRADED, conditions=("noise",), severity=0.1),
        clip(3, Group.DEGRADED, conditions=("noise",), severity=1.0),
        clip(4, Group.DEGRADED, conditions=("echo", "noise"), severity=0.5),
        clip(5, Group.OWN),
    ]
    heard = {"base": ["one two three 1", "", "one two", "one two three 4", "two three 5 6"]}
    scored = {
        column: [score_clip(c.text, t) for c, t in zip(clips, texts, strict=True)]
        for column, texts in heard.items()
    }
    made = {table.key: table for table in tables(clips, scored, Bootstrap(resamples=50))}
    labels = {key: [(row.label, row.clips) for row in table.rows] for key, table in made.items()}
    assert labels == {
        "groups": [("clean", 1), ("degraded", 3), ("own", 1)],
        "languages": [("en", 5)],
        "conditions": [("noise", 2)],
        "effects": [("0", 1), ("1", 2), ("2", 1)],
        "severities": [("0.0 to 0.2", 1), ("0.4 to 0.6", 1), ("0.8 to 1.0", 1)],
        "scenarios": [("noise", 2), ("echo+noise", 1)],
    }
    assert made["languages"].rows[0].rates["base"].interval is not None
    degraded = made["groups"].rows[1].rates["base"]
    assert (degraded.pooled.deletions, degraded.pooled.reference_length) == (6, 12)
    assert degraded.interval is None  # three clips are too few
    assert degraded.failures.empty == 1
    own = made["groups"].rows[2].rates["base"]
    assert (own.pooled.deletions, own.pooled.insertions) == (1, 1)
