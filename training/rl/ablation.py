"""What each term of the reward is good for: the same run again and again, one term off at a time.

Every row begins with the same adapter, the same clips and the same seed; only the reward differs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import UsageError
from training.data import Example, read_examples
from training.finetune import toml
from training.finetune.config import RunConfig
from training.finetune.context import unheard
from training.finetune.errors import RunError
from training.finetune.events import HeldOutScored, Listener
from training.finetune.files import write_json, write_text
from training.finetune.prepare import errors
from training.finetune.run import Run, RunState, Status
from training.finetune.runner import train
from training.reward import WER_ONLY, RewardOptions
from training.rl.events import BestKept, RlStepDone, RolloutHeard
from training.score import Difference, ErrorCount, Interval, rate_difference, rate_interval

STAGE = "rl"
START = "start"

Change = Callable[[RewardOptions], RewardOptions]
Train = Callable[[Run, Listener], RunState]

FULL = "full"
ROWS: Mapping[str, Change] = MappingProxyType(
    {
        FULL: lambda reward: reward,
        "wer_only": lambda reward: WER_ONLY,
        "without_r_rep": lambda reward: replace(reward, repetition=False),
        "without_r_fine": lambda reward: replace(reward, fine=False),
        "without_r_struc": lambda reward: replace(reward, struc=False),
        "without_gate": lambda reward: replace(reward, gate=False),
    }
)
"""Name -> the reward of a row, from that of the configuration; the paper's rows in its order."""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one reward.

    Attributes:
        name: key of `ROWS`.
        steps: that were made.
        best_step: the step of the adapter that was kept; 0 for the one it began with.
        start_wer: held-out WER it began with, 1 = 100 %.
        wer: held-out WER of the adapter that was kept; None when nothing was measured.
        interval: in which it lies, by bootstrap over clips; None for fewer than two clips.
        to_full: its WER less that of the full reward, on the same clips.
        repetition_share: of the rollouts in the last tenth of the steps.
        skipped_share: of all groups.
    """

    name: str
    steps: int
    best_step: int
    start_wer: float | None
    wer: float | None
    interval: Interval | None
    to_full: Difference | None
    repetition_share: float
    skipped_share: float

    def to_json(self) -> dict[str, Any]:
        """Plain data; rates as shares, intervals in percent as everywhere."""
        return {
            "name": self.name,
            "steps": self.steps,
            "best_step": self.best_step,
            "start_wer": self.start_wer,
            "wer": self.wer,
            "interval": self.interval.to_json() if self.interval else None,
            "to_full": self.to_full.to_json() if self.to_full else None,
            "repetition_share": self.repetition_share,
            "skipped_share": self.skipped_share,
        }


def train_row(run: Run, listener: Listener) -> RunState:
    """Trains one run as `wildscribe train` does."""
    return train(run, listener)


def ablate(
    folder: Path, config: RunConfig, listener: Listener = unheard, work: Train = train_row
) -> list[Row]:
    """Trains every row, and writes ``ablation.json`` and ``ablation.md`` into the folder.

    Stages before ``rl`` are gone through once, in ``start``; each row is a run beside it. Called
    again, it goes on where it was, and rows that are finished are only read.

    Args:
        folder: for the runs and the table.
        config: of the run; its last stage is ``rl``.
        listener: told of every event of every run.
        work: trains a run until it is finished.

    Raises:
        UsageError: the configuration has no such stage, or the folder holds another ablation.
        WildscribeError: what went wrong in a run.
    """
    if config.stages[-1] != STAGE:
        raise UsageError(
            "An ablation of the reward needs a run whose last stage is rl.",
            "Nothing was started.",
            f'Set stages = ["{STAGE}"], or put it behind the others.',
        )
    start = _start(folder, config, listener, work)
    runs = {}
    for name, change in ROWS.items():
        reward = change(config.rl.reward)
        own = replace(start, stages=(STAGE,), rl=replace(config.rl, reward=reward))
        runs[name] = _finished(folder / name, own, listener, work)
    rows = _rows(runs)
    write_json(folder / "ablation.json", {"seed": config.seed, "rows": [r.to_json() for r in rows]})
    write_text(folder / "ablation.md", markdown(rows))
    return rows


def markdown(rows: list[Row]) -> str:
    """The table for people."""
    heads = ("reward", "WER", "95 % interval", "minus full", "best step", "loops", "silent groups")
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    for row in rows:
        near, gap = row.interval, row.to_full.interval if row.to_full else None
        cells = (
            row.name,
            "-" if row.wer is None else f"{row.wer:.2%}",
            f"{near.low:.2%} to {near.high:.2%}" if near else "-",
            f"{gap.estimate:+.2%} ({gap.low:+.2%} to {gap.high:+.2%})" if gap else "-",
            f"{row.best_step} of {row.steps}",
            f"{row.repetition_share:.1%}",
            f"{row.skipped_share:.1%}",
        )
        lines.append(" | ".join(cells))
    began = next((row.start_wer for row in rows if row.start_wer is not None), None)
    before = "" if began is None else f"\nAll rows began at a held-out WER of {began:.2%}.\n"
    return "\n".join(f"| {line} |" for line in lines) + "\n" + before


def _start(folder: Path, config: RunConfig, listener: Listener, work: Train) -> RunConfig:
    """The configuration of a row but for its reward: it begins where the stages before end."""
    earlier = config.stages[:-1]
    if not earlier:
        return config
    run = _finished(folder / START, replace(config, stages=earlier), listener, work)
    adapter = replace(config.adapter, start_from=str(run.adapter(earlier[-1])))
    return replace(config, adapter=adapter)


def _finished(folder: Path, config: RunConfig, listener: Listener, work: Train) -> Run:
    if (folder / "config.toml").exists():
        run = Run(folder)
        if toml.dump(run.config) != toml.dump(config):
            raise UsageError(
                f"{folder} is a run with other settings.",
                "It was left alone.",
                "Choose another folder for this ablation.",
            )
    else:
        run = Run.create(folder, config)
    state = run.state()
    if state.status is not Status.FINISHED:
        state = work(run, listener)
    if state.status is not Status.FINISHED:
        raise RunError(
            f"{folder} is not finished, it is {state.status}.",
            "All runs are kept.",
            "Start the ablation again: it goes on there.",
        )
    return run


def _rows(runs: Mapping[str, Run]) -> list[Row]:
    heard = {name: _heard(run) for name, run in runs.items()}
    full = heard[FULL]
    rows = []
    for name, run in runs.items():
        events = run.events()
        steps = [event for event in events if isinstance(event, RlStepDone)]
        kept = [event for event in events if isinstance(event, BestKept)]
        measured = [event for event in events if isinstance(event, HeldOutScored)]
        counts = heard[name]
        rows.append(
            Row(
                name=name,
                steps=len(steps),
                best_step=kept[-1].step if kept else len(steps),
                start_wer=measured[0].wer if measured else None,
                wer=kept[-1].wer if kept else None,
                interval=rate_interval(list(counts.values())),
                to_full=_difference(counts, full) if name != FULL else None,
                repetition_share=_last_tenth(steps),
                skipped_share=_skipped(steps),
            )
        )
    return rows


def _heard(run: Run) -> dict[str, ErrorCount]:
    """Errors of the adapter that was kept, by held-out clip."""
    best = [event.step for event in run.events() if isinstance(event, BestKept)]
    if not best:
        return {}
    clips: dict[str, Example] = {clip.id: clip for clip in read_examples(run.data_file)}
    return {
        event.clip: errors(clips[event.clip], event.hypothesis)
        for event in run.samples()
        if not isinstance(event, RolloutHeard) and event.step == best[-1]
    }


def _difference(
    counts: Mapping[str, ErrorCount], full: Mapping[str, ErrorCount]
) -> Difference | None:
    shared = sorted(counts.keys() & full.keys())
    return rate_difference([counts[clip] for clip in shared], [full[clip] for clip in shared])


def _last_tenth(steps: list[RlStepDone]) -> float:
    last = steps[-max(1, len(steps) // 10) :]
    return sum(step.repetition_share for step in last) / len(last) if last else 0.0


def _skipped(steps: list[RlStepDone]) -> float:
    groups = sum(step.groups for step in steps)
    return sum(step.skipped_share * step.groups for step in steps) / groups if groups else 0.0
