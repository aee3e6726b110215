"""``wildscribe train``, from a preset to an adapter."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.cli import run as wildscribe
from app.cli.narrator import Narrator, sentence
from app.cli.train import describe, pause_on_interrupt
from tests.app.cli.conftest import Screen
from training.data import Problem, ProblemKind, write_examples
from training.data.problems import read_problems
from training.evaluate.events import Evaluated
from training.finetune import events
from training.finetune.dry_run import DryRun, LaterPlan, StagePlan
from training.finetune.memory import MemoryEstimate
from training.finetune.run import Command, Run, RunState, Status
from training.rl.events import CollapseAlarm, RlStepDone, StoppedEarly
from training.routing.events import RouterMade, RouterRefused, RouterStepDone

Captured = pytest.CaptureFixture[str]

SHORT = """\
stages = ["sft3"]
[model]
device = "cpu"
[data]
paths = ["clips"]
language = "en"
held_out_share = 0.0
[batch]
clips_per_step = 2
[checkpoints]
held_out_clips = 0
[sft3]
encoder_rate = 1e-3
wer_limits = []
most_steps = 1
"""


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    folder.mkdir()
    for number, text in enumerate(("yes", "good morning")):
        noise = 0.1 * np.random.default_rng(number).standard_normal(9_600)
        soundfile.write(folder / f"{number}.wav", noise, 16_000)
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    (folder / "2.txt").write_text("alone", encoding="utf-8")
    return folder


def test_a_preset_becomes_a_run_that_is_not_overwritten(
    tmp_path: Path, clips: Path, capsys: Captured
) -> None:
    out = tmp_path / "rooms"
    begin = ["train", "--preset", "mini-cpu", "--data", str(clips), "--out", str(out)]
    assert wildscribe(begin) == 0
    assert "--dry-run" in capsys.readouterr().err
    config = Run(out).config
    assert config.data.paths == (str(clips),)
    assert config.stages[-2:] == ("router", "evaluate")
    assert wildscribe(begin) == 2
    assert "is a run already" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--preset", "mini-cpu", "--out", "rooms"],
        ["--preset", "mini-cpu", "--data", "clips"],
        ["--preset", "12gb", "--data", "clips", "--out", "rooms"],
        ["nowhere.toml"],
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], capsys: Captured) -> None:
    assert wildscribe(["train", *arguments]) == 2
    assert "wildscribe: " in capsys.readouterr().err


@pytest.mark.timeout(600)
def test_from_a_dry_run_to_an_adapter(tmp_path: Path, clips: Path, capsys: Captured) -> None:
    path = tmp_path / "rooms.toml"
    path.write_text(SHORT, encoding="utf-8")
    assert wildscribe(["train", str(path), "--dry-run", "--json"]) == 0
    reckoned = json.loads(capsys.readouterr().out)
    assert reckoned["train_clips"] == 2
    assert [problem["kind"] for problem in reckoned["problems"]] == ["missing"]
    assert [stage["steps"] for stage in reckoned["stages"]] == [1]
    assert reckoned["stages"][0]["step_s"] > 0
    assert reckoned["warnings"] == []
    run = Run(tmp_path / "rooms")
    assert run.state().status is Status.NEW
    assert wildscribe(["train", str(path)]) == 0
    shown = capsys.readouterr()
    assert shown.out.strip() == str(run.adapter("sft3"))
    assert "step 1 of 1" in shown.err
    run.save_state(replace(run.state(), status=Status.PAUSED))
    assert wildscribe(["train", str(path)]) == 2
    assert "--resume" in capsys.readouterr().err
    assert wildscribe(["train", str(path), "--stage", "sft1"]) == 2
    assert "no stage 'sft1'" in capsys.readouterr().err
    assert run.adapter("sft3").is_dir()
    assert wildscribe(["train", str(path), "--dry-run", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["problems"] == reckoned["problems"]


def test_a_dry_run_refuses_a_stage_that_there_is_not(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "rooms.toml"
    path.write_text(SHORT.replace("sft3", "rooter", 1), encoding="utf-8")
    assert wildscribe(["train", str(path), "--dry-run"]) == 2
    assert "sft1, sft2, sft3, rl, router, evaluate" in capsys.readouterr().err


def test_a_changed_configuration_is_not_mistaken_for_the_run_it_began(tmp_path: Path) -> None:
    path = tmp_path / "rooms.toml"
    path.write_text(SHORT, encoding="utf-8")
    Run.at(path)
    path.write_text("seed = 3\n" + SHORT, encoding="utf-8")
    run = Run.at(path)  # nothing was learnt yet, so it follows
    assert run.config.seed == 3
    write_examples(run.data_file, [])
    path.write_text("seed = 4\n" + SHORT, encoding="utf-8")
    assert wildscribe(["train", str(path)]) == 2
    assert run.config.seed == 3


def test_a_run_that_found_nothing_to_learn_from_may_be_begun_again(
    tmp_path: Path, clips: Path, capsys: Captured
) -> None:
    path = tmp_path / "rooms.toml"
    path.write_text(SHORT.replace('"clips"', '"absent"'), encoding="utf-8")
    assert wildscribe(["train", str(path)]) == 3
    assert "nothing to learn from" in capsys.readouterr().err
    path.write_text(SHORT, encoding="utf-8")
    assert wildscribe(["train", str(path)]) == 0
    (problem,) = read_problems(Run(tmp_path / "rooms").problems_file)
    assert problem.kind is ProblemKind.MISSING


def test_ctrl_c_pauses_and_a_second_one_ends(tmp_path: Path, screen: Screen) -> None:
    (tmp_path / "config.toml").write_text(SHORT, encoding="utf-8")
    run = Run(tmp_path)
    with pause_on_interrupt(screen.console, run):
        signal.raise_signal(signal.SIGINT)
        assert run.command() is Command.PAUSE
        assert "Pausing" in screen.err.getvalue()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(("option", "wish"), [("--pause", Command.PAUSE), ("--stop", Command.STOP)])
def test_a_wish_reaches_the_process_that_trains(
    tmp_path: Path, capsys: Captured, option: str, wish: Command
) -> None:
    (tmp_path / "config.toml").write_text(SHORT, encoding="utf-8")
    run = Run(tmp_path)
    assert wildscribe(["train", str(tmp_path), option]) == 2
    assert "No process is training" in capsys.readouterr().err
    with run.locked():
        assert wildscribe(["train", str(tmp_path), option]) == 0
        assert run.command() is wish


def test_a_finished_run_is_left_alone(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "config.toml").write_text(SHORT, encoding="utf-8")
    Run(tmp_path).save_state(RunState(Status.FINISHED, "sft3", ("sft3",)))
    assert wildscribe(["train", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path)


def step(number: int) -> events.StepDone:
    return events.StepDone("sft1", number, 9, 1.25, 1e-3, 0.5, 30.0, 40, 2.0)


def test_steps_are_told_now_and_then_and_the_last_always(screen: Screen) -> None:
    narrator = Narrator(screen.console)
    for number in (1, 2, 9):
        narrator.tell(step(number))
    lines = screen.err.getvalue().splitlines()
    assert [line.split("  ")[1] for line in lines] == ["step 1 of 9", "step 9 of 9"]
    assert "15.0 s of audio a second" in lines[0]
    assert "about 0:16 left" in lines[0]


def test_steps_of_reinforcement_learning_tell_of_the_rollouts(screen: Screen) -> None:
    figures = RlStepDone(
        "rl", 3, 9, 0.1, 1e-5, 0.5, 30.0, 40, 2.0,
        reward=0.625, reward_std=0.2, terms={}, wer=0.375, groups=8, skipped_share=0.25, refills=1,
        tokens_mean=9.0, tokens_most=20, truncated_share=0.0, repetition_share=0.0,
        length_ratio=1.0, entropy=0.512, clipped_low=0.0, clipped_high=0.0,
    )  # fmt: skip
    Narrator(screen.console).tell(figures)
    said = screen.err.getvalue()
    for words in ("reward 0.625", "WER of rollouts 37.5%", "entropy 0.512", "silent groups 25%"):
        assert words in said


def test_counts_are_told_now_and_then_and_the_last_always(screen: Screen) -> None:
    narrator = Narrator(screen.console)
    for done in (10, 20, 30):
        narrator.tell(events.ClipsHeard("router", done, 30))
    lines = screen.err.getvalue().splitlines()
    assert lines == ["router  10 of 30 transcripts", "router  30 of 30 transcripts"]


NAN = float("nan")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (RouterStepDone("router", 2, 9, 0.25, 1e-4, 2.0), "step 2 of 9  loss 0.250"),
        (RouterMade("router", 9, 8, 7, 0.9, 0.02, 0.4, 0.5, 0.3, 0.2, 0.19), "routed 19.0%"),
        (RouterMade("router", 9, 8, 7, NAN, 0.02, 0.5, NAN, NAN, NAN, NAN), "probability of 0.500"),
        (RouterRefused("router", 0, "No better than chance.", "Train longer."), "in use is kept"),
        (Evaluated("evaluate", 9, False, "It is worse.", "By far.", "r.html"), "worse. By far."),
        (events.StageStarted("evaluate", 0, 0), "evaluate"),
        (CollapseAlarm("rl", 5, "repetition", 0.3, 0.2), "ALARM at step 5: repetition 0.300"),
        (StoppedEarly("rl", 50, 20, 0.25), "kept is step 20, 25.0%"),
        (events.DataPrepared(9, 1, 60.0, {"too_long": 2}), "2 too_long"),
        (events.StageStarted("sft2", 5, 9), "going on behind step 5"),
        (events.HeldOutScored("sft2", 5, 8, 0.125), "12.5%"),
        (events.BatchHalved("sft2", 4), "4 clips at once"),
        (events.StageFinished("sft2", 5, early=True), "stopped at step 5"),
        (events.CheckpointSaved("sft2", 5), ""),
    ],
)
def test_events_in_words(event: events.Event, words: str) -> None:
    assert words in sentence(event)


def test_a_dry_run_in_words() -> None:
    memory = MemoryEstimate(4_000_000_000, 1, 1, 1, 500_000_000, 1)
    plan = StagePlan("sft1", ((0.3, 10, 4), (None, 20, 6)), memory, 10**8, 1.5)
    problem = Problem(ProblemKind.TOO_LONG, "a.wav", "It lasts 40.0 s; the limit is 30 s.")
    later = (LaterPlan("router", 600, 40, 60, 1), LaterPlan("evaluate", 0, 54, 57, 1))
    warnings = ("No held-out clip is known to be clean.",)
    shown = describe(DryRun(20, 3, 3725.0, (problem,), 7, (plan,), later, warnings, 10**9, 10**12))
    assert "20 clips to learn from, 3 held out, 1:02:05" in shown
    assert "too_long  a.wav: It lasts 40.0 s" in shown
    assert "hear 7 clips first" in shown
    row = next(line for line in shown.splitlines() if line.startswith("sft1"))
    assert row.split() == ["sft1", "10", "4.5", "GB", "1.5", "s", "0:15"]
    router = next(line for line in shown.splitlines() if line.startswith("router"))
    assert router.split() == ["router", "600", "-", "-", "-"]
    assert "evaluate: hears 57 clips on every route, 54 of them degraded copies" in shown
    assert "router: hears 60 clips on every route, 40 of" in shown
    assert warnings[0] in shown
