"""What the stage says of its steps: figures, two rollouts, and alarms as they begin."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from training.data import Example
from training.finetune.config import RunConfig
from training.finetune.context import Context
from training.finetune.events import Event
from training.finetune.rl_config import AlarmConfig
from training.finetune.run import Run
from training.rl.alarms import Alarm
from training.rl.events import CollapseAlarm, RlStepDone, RolloutHeard
from training.rl.journal import Journal, StepFigures
from training.rl.rollouts import Group, Rollout, judge
from training.rl.tally import tally

CLIP = Example(Path("clip.wav"), "turn left here now", "English", duration_s=1.0)
RIGHT = Rollout("turn left here now", 8, True)
NEAR = Rollout("turn left here no", 8, True)
LOOP = Rollout("left " * 12, 30, False)


def stepped(journal: Journal, number: int, *rollouts: Rollout) -> None:
    config = RunConfig().rl
    group = Group(CLIP, rollouts, tuple(judge(config)(CLIP, rollouts)))
    figures: dict[str, Any] = dict.fromkeys(StepFigures.__slots__, 0.0) | {"step": number}
    journal.stepped(StepFigures(**figures), tally([group], refills=0), [group])


def journal_of(config: RunConfig, folder: Path) -> tuple[Journal, list[Event]]:
    alarms = AlarmConfig(window_steps=1, repetition_share=0.4, length_drift=9.0, reward_gain=9.0)
    rl = replace(config.rl, alarms=alarms)
    events: list[Event] = []
    context = Context(Run.create(folder, config), "rl", events.append)
    trainee: Any = None  # neither saved nor heard with here
    return Journal(context, trainee, rl, ()), events


def test_an_alarm_rings_when_it_begins_and_when_it_comes_back(
    config: RunConfig, tmp_path: Path
) -> None:
    journal, events = journal_of(config, tmp_path / "run")
    for number, others in enumerate((NEAR, LOOP, LOOP, NEAR, LOOP), 1):
        stepped(journal, number, RIGHT, others)
    rung = [event for event in events if isinstance(event, CollapseAlarm)]
    assert [(event.step, event.alarm) for event in rung] == [
        (2, Alarm.REPETITION),
        (5, Alarm.REPETITION),
    ]
    assert (rung[0].value, rung[0].limit) == (0.5, 0.4)


def test_a_step_tells_of_its_rollouts_and_shows_the_best_and_the_worst(
    config: RunConfig, tmp_path: Path
) -> None:
    journal, events = journal_of(config, tmp_path / "run")
    stepped(journal, 1, NEAR, RIGHT, LOOP)
    (step,) = [event for event in events if isinstance(event, RlStepDone)]
    assert (step.groups, step.skipped_share, step.refills) == (1, 0.0, 0)
    assert step.wer == (1 + 0 + 11) / 12
    assert step.terms.keys() >= {"r_wer", "r_rep", "r_fine", "r_struc", "overlong"}
    shown = [event for event in events if isinstance(event, RolloutHeard)]
    assert [event.hypothesis for event in shown] == [RIGHT.text, LOOP.text]
    assert shown[0].reward > step.reward > shown[1].reward
