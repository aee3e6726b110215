"""Degraded copies: the same ones whenever they are made, and each of them once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.audio import load
from training.data import Example, check, read
from training.finetune.config import DataConfig, RunConfig
from training.finetune.context import Context
from training.finetune.copies import (
    Wanted,
    copied,
    degraded,
    marked,
    scenario_copies,
    with_copies,
)
from training.finetune.events import CopiesMade, Event
from training.finetune.interrupt import InterruptedStage
from training.finetune.run import Command, Run
from training.simulate import SCENARIOS, FileMaterials
from training.simulate.rooms import RoomBank


@pytest.fixture(scope="module")
def materials() -> FileMaterials:
    return FileMaterials(RoomBank.made(size=(4, 2)))


@pytest.fixture
def clips(config: RunConfig, tmp_path: Path) -> list[Example]:
    found, _ = read(map(Path, config.data.paths), "", tmp_path)
    return check(found, 30.0)[0]


def test_a_copy_follows_from_its_clip_and_the_seed(
    config: RunConfig, tmp_path: Path, clips: list[Example], materials: FileMaterials
) -> None:
    wanted = [Wanted(clips[0], 0), Wanted(clips[0], 1), Wanted(clips[1], 0, "echo")]
    runs = [Run.create(tmp_path / name, config) for name in "ab"]
    runs.append(Run.create(tmp_path / "c", replace(config, seed=6)))
    made = [copied(run, Context(run, "router"), wanted, materials) for run in runs]
    assert [copy.sha256 for copy in made[0]] == [copy.sha256 for copy in made[1]]
    assert made[0][0].sha256 != made[2][0].sha256
    first, second, echo = made[0]
    assert first.sha256 != second.sha256
    assert (first.text, first.speaker, first.wer) == (clips[0].text, clips[0].speaker, None)
    assert echo.scenario == "echo"
    assert degraded(echo)
    assert not degraded(clips[0])
    assert not np.array_equal(load(first.audio), load(clips[0].audio))


def test_what_is_made_is_not_made_again(
    config: RunConfig, tmp_path: Path, clips: list[Example], materials: FileMaterials
) -> None:
    run = Run.create(tmp_path / "run", config)
    wanted = [Wanted(clip, 0) for clip in clips]
    told: list[Event] = []
    before = copied(run, Context(run, "router"), wanted[:2], materials)
    with run.copies_file.open("a") as file:
        file.write('{"key": "cut o')  # the power went
    with run.locked():
        after = copied(run, Context(run, "router", told.append), wanted, materials)
    assert after[:2] == before
    assert told == [CopiesMade("router", 4, 4)]
    assert len(list(run.copies.glob("*.flac"))) == len(wanted)
    run.request(Command.PAUSE)
    assert copied(run, Context(run, "router"), wanted, materials) == after
    with pytest.raises(InterruptedStage):
        copied(run, Context(run, "router"), [Wanted(clips[0], 7)], materials)


def clip(number: int, scenario: str) -> Example:
    return Example(Path(f"{number}.wav"), "yes", "English", scenario=scenario, sha256=str(number))


def test_every_scenario_gets_as_many_copies_of_clips_in_turn() -> None:
    wanted = scenario_copies([clip(0, "clean"), clip(1, "noise"), clip(2, "")], 3)
    assert len({one.key for one in wanted}) == len(wanted) == 3 * len(SCENARIOS)
    assert [one.scenario for one in wanted] == [s.name for s in SCENARIOS for _ in range(3)]
    assert {one.of.audio.stem for one in wanted} == {"0", "2"}
    assert scenario_copies([clip(1, "noise")], 3) == []


def test_copies_never_exceed_what_is_asked_for() -> None:
    clips = [clip(number, "clean") for number in range(4)] + [clip(9, "noise")]
    chosen, wanted = with_copies(clips, 2, 100)
    assert (len(chosen), len(wanted)) == (5, 8)
    chosen, wanted = with_copies(clips, 2, 7)
    assert (len(chosen), len(wanted)) == (2, 4)
    assert [one.of for one in wanted] == [chosen[0], chosen[0], chosen[1], chosen[1]]


def test_clips_that_say_nothing_are_what_the_run_says() -> None:
    clips = [clip(0, ""), clip(1, "noise")]
    assert marked(clips, DataConfig()) == clips
    assert [c.scenario for c in marked(clips, DataConfig(unmarked="clean"))] == ["clean", "noise"]
