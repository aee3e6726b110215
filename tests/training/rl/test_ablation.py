"""The table of an ablation, from runs whose training is told rather than done."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import UsageError
from training.data import Example, write_examples
from training.finetune.config import RunConfig
from training.finetune.errors import RunError
from training.finetune.events import HeldOutScored, Listener, SampleHeard, StageStarted
from training.finetune.run import Run, RunState, Status
from training.reward import WER_ONLY, RewardOptions
from training.rl.ablation import FULL, ROWS, ablate
from training.rl.events import BestKept, RlStepDone

CLIPS = [
    Example(Path(f"{number}.wav"), text, "English", split="held_out")
    for number, text in enumerate(("turn left here", "good morning", "no"))
]
CONFIG = RunConfig(stages=("sft3", "rl"), seed=3)


def step(number: int, loops: float) -> RlStepDone:
    return RlStepDone(
        stage="rl", step=number, steps=20, loss=0.0, rate=0.0, gradient_norm=0.0, audio_s=0.0,
        target_tokens=1, wall_s=0.0, reward=0.5, reward_std=0.1, terms={}, wer=0.5, groups=2,
        skipped_share=0.5 if number == 1 else 0.0, refills=0, tokens_mean=5.0, tokens_most=9,
        truncated_share=0.0, repetition_share=loops, length_ratio=1.0, entropy=0.1,
        clipped_low=0.0, clipped_high=0.0,
    )  # fmt: skip


class Told:
    """A training that writes what it is told to have come out, and remembers what it was asked."""

    def __init__(self, hypotheses: dict[str, tuple[str, str, str]]) -> None:
        self.hypotheses = hypotheses
        self.asked: list[Run] = []

    def __call__(self, run: Run, listener: Listener) -> RunState:
        self.asked.append(run)
        write_examples(run.data_file, CLIPS)
        for event in (
            StageStarted("rl", 0, 20),
            HeldOutScored("rl", 0, 3, 0.6),
            *(step(number, 0.0 if number < 19 else 0.5) for number in range(1, 21)),
            *(
                SampleHeard("rl", 20, clip.id, clip.text, heard, 0.0)
                for clip, heard in zip(CLIPS, self.of(run), strict=True)
            ),
            HeldOutScored("rl", 20, 3, 0.5),
            BestKept("rl", 20, 0.5),
        ):
            run.record(event)
        state = replace(run.state(), status=Status.FINISHED)
        run.save_state(state)
        return state

    def of(self, run: Run) -> tuple[str, str, str]:
        return self.hypotheses.get(run.folder.name, ("turn left", "good morning", "no"))


def test_every_row_differs_in_its_reward_alone(tmp_path: Path) -> None:
    told = Told({})
    ablate(tmp_path, CONFIG, work=told)
    start, *rows = told.asked
    assert start.config == replace(CONFIG, stages=("sft3",))
    assert [run.folder.name for run in rows] == list(ROWS)
    adapter = str(start.adapter("sft3"))
    for run in rows:
        assert run.config.adapter.start_from == adapter
        bare = replace(run.config, rl=CONFIG.rl, adapter=CONFIG.adapter, stages=CONFIG.stages)
        assert bare == CONFIG
    rewards = {run.folder.name: run.config.rl.reward for run in rows}
    assert rewards[FULL] == RewardOptions()
    assert rewards["wer_only"] == WER_ONLY
    assert rewards["without_gate"] == RewardOptions(gate=False)
    assert len(set(map(repr, rewards.values()))) == len(ROWS)


def test_the_table_says_how_each_row_compares_with_the_full_reward(tmp_path: Path) -> None:
    told = Told({"without_gate": ("turn", "morning", "no")})
    rows = {row.name: row for row in ablate(tmp_path, CONFIG, work=told)}
    full, ungated = rows[FULL], rows["without_gate"]
    assert (full.wer, full.start_wer, full.best_step, full.steps) == (0.5, 0.6, 20, 20)
    assert full.to_full is None
    assert full.interval is not None
    assert full.interval.estimate == pytest.approx(1 / 6)
    assert ungated.to_full is not None
    assert ungated.to_full.interval.estimate == pytest.approx(3 / 6 - 1 / 6)
    assert full.repetition_share == pytest.approx(0.5)
    assert full.skipped_share == pytest.approx(0.5 / 20)
    stored = json.loads((tmp_path / "ablation.json").read_text(encoding="utf-8"))
    assert stored["seed"] == 3
    assert [row["name"] for row in stored["rows"]] == list(ROWS)
    table = (tmp_path / "ablation.md").read_text(encoding="utf-8").splitlines()
    assert len([line for line in table if line.startswith("|")]) == 2 + len(ROWS)


def test_called_again_it_reads_what_is_finished_and_goes_on(tmp_path: Path) -> None:
    def pauses(run: Run, listener: Listener) -> RunState:
        if run.folder.name == "without_r_fine":
            return replace(run.state(), status=Status.PAUSED)
        return Told({})(run, listener)

    with pytest.raises(RunError, match="paused"):
        ablate(tmp_path, CONFIG, work=pauses)
    told = Told({})
    ablate(tmp_path, CONFIG, work=told)
    assert [run.folder.name for run in told.asked] == list(ROWS)[3:]


@pytest.mark.parametrize(
    "change",
    [lambda c: replace(c, seed=4), lambda c: replace(c, stages=("sft3",))],
    ids=["another ablation's folder", "no stage rl"],
)
def test_it_refuses_what_would_mix_up_rows(
    tmp_path: Path, change: Callable[[RunConfig], RunConfig]
) -> None:
    ablate(tmp_path, CONFIG, work=Told({}))
    with pytest.raises(UsageError):
        ablate(tmp_path, change(CONFIG), work=Told({}))
