"""From what was heard to figures."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from statistics import fmean

from engine.checkpoint.fingerprint import base_sha256
from engine.models import located
from training.adapters.fingerprint import adapter_sha256, file_sha256
from training.adapters.lineage import TOOLS, installed
from training.adapters.promotions import now
from training.data import Example, read_examples
from training.data.example import TRAIN
from training.evaluate import EvaluationClip
from training.finetune.run import Run
from training.proof.clock import minutes
from training.proof.contenders import contenders
from training.proof.finalists import finalists
from training.proof.hear import adapter_of, probabilities_of, router_of, texts_of
from training.proof.material import RL, SFT, TEST, read_trials
from training.proof.plan import Plan, Row
from training.proof.results import (
    FORMAT_VERSION,
    ROUTED,
    Learning,
    Results,
    RowResult,
)
from training.proof.rows import adapter_folder, name_of, run_folder, training_s
from training.proof.systems import (
    SETS,
    Systems,
    cells,
    comparisons,
    percent,
    sets_of,
    sizes,
    wer_of,
)
from training.rl.events import BestKept, RlStepDone
from training.score import (
    score_clip,
)

_LIMITS = (0.3, 0.5, 0.7, 1.0)
"""The paper's curriculum, and where nothing is heard any more."""


def best_of(work: Path, plan: Plan, rows: Collection[Row] = tuple(Row)) -> tuple[Row, int]:
    """Row and seed of the adapter that hears the held-out clips best behind the model's router."""
    dev = _systems(work, plan, read_trials(work).held_out)
    return min(
        (one for one in plan.trainings() if one[0] in rows),
        key=lambda one: wer_of(dev.behind(one[0], ROUTED)[_seeds(plan, one[0]).index(one[1])]),
    )


def further_of(work: Path, plan: Plan) -> Row:
    """The row of reinforcement learning that hears the held-out clips best."""
    row, _ = best_of(work, plan, [row for row in Row if row.starts_from])
    return row


def measure(work: Path, plan: Plan, command: str) -> Results:
    """All figures, from the files of a finished proof.

    Args:
        work: its folder.
        plan: how much.
        command: that is written down.
    """
    trials = read_trials(work)
    systems = _systems(work, plan, trials.tests)
    dev = _systems(work, plan, trials.held_out)
    trained = {row: _seeds(plan, row) for row in Row}
    held_out_wer = {row: tuple(wer_of(scores) for scores in dev.behind(row, ROUTED)) for row in Row}
    best_row, best_seed = best = best_of(work, plan)
    further_row, present = further_of(work, plan), adapter_sha256(adapter_of(plan))
    model = located(plan.model)
    return Results(
        format_version=FORMAT_VERSION,
        created_at=now(),
        command=command,
        versions=installed(TOOLS),
        sha256={"base": base_sha256(model), "router": file_sha256(router_of(plan))}
        | {Path(name).stem: file_sha256(work / name) for name in (SFT, RL, TEST)},
        threshold=model.threshold,
        facts=_facts(work, plan),
        sets=sizes(systems),
        rows=tuple(
            RowResult(
                row=row,
                seeds=tuple(trained[row]),
                training_min=tuple(
                    round(training_s(Run(run_folder(work, row, seed))) / 60, 1)
                    for seed in trained[row]
                ),
                held_out_wer=held_out_wer[row],
                adapters=tuple(
                    adapter_sha256(adapter_folder(work, row, seed)) for seed in trained[row]
                ),
                learning=tuple(
                    found
                    for seed in trained[row]
                    if (found := _learning(Run(run_folder(work, row, seed))))
                ),
                cells=cells(systems, row),
            )
            for row in Row
        ),
        comparisons=tuple(comparisons(systems, trained)),
        best_row=best_row,
        best_seed=best_seed,
        further_row=further_row,
        contenders=contenders(work, plan, finalists(plan, present, best, further_row)),
        reference_words=_numbers(s.errors.reference_length for s in systems.scores[Row.BASE][0]),
        clip_sets=_numbers(SETS.index(sets_of(clip)[0]) for clip in trials.tests),
        routed=_numbers(map(int, systems.on)),
        errors={
            (name_of(row, seed) if seed else str(row)): _numbers(s.errors.errors for s in scores)
            for row in Row
            for seed, scores in zip(trained[row] or [0], systems.scores[row], strict=True)
        },
    )


def _seeds(plan: Plan, row: Row) -> list[int]:
    return [seed for trained, seed in plan.trainings() if trained is row]


def _systems(work: Path, plan: Plan, clips: Sequence[EvaluationClip]) -> Systems:
    judged = probabilities_of(work, router_of(plan))
    threshold = located(plan.model).threshold
    systems = [(Row.BASE, 0), *plan.trainings()]
    heard = {system: texts_of(work, *system) for system in systems}
    return Systems(
        clips,
        [judged[clip.id] >= threshold for clip in clips],
        {
            row: [
                [score_clip(clip.text, heard[system][clip.id]) for clip in clips]
                for system in systems
                if system[0] is row
            ]
            for row in Row
        },
    )


def _facts(work: Path, plan: Plan) -> dict[str, float]:
    """Of the clips that were learnt from, as the runs found them when they looked at them."""
    clips = {row: _train_clips(work, row, plan.seeds[0]) for row in (Row.A2S, Row.DAPO)}
    train = clips[Row.A2S]
    return {
        "clips to learn from": len(train),
        "hours of them": round(sum(e.duration_s for e in train) / 3600, 2),
        "different sentences in them": len({e.text for e in train}),
        "of them clean, %": percent(fmean(e.scenario == "clean" for e in train)),
        **{
            f"of them below {limit:.0%} WER by the base, %": percent(
                fmean((e.wer or 0.0) < limit for e in train)
            )
            for limit in _LIMITS
        },
        "clips of reinforcement learning": len(clips[Row.DAPO]),
        "held-out clips": plan.held_out_clips,
        "clean sentences to do no harm to": plan.unharmed_sentences,
        "steps of each supervised row": plan.sft.steps,
        "clips behind one of them": plan.sft.clips_per_step,
        "steps of reinforcement learning": plan.rl.steps,
        "clips behind one of these": plan.rl.clips_per_step,
        "transcripts of each": plan.rl.rollouts,
        "minutes in all, on two cores": round(minutes(work)),
    }


def _train_clips(work: Path, row: Row, seed: int) -> list[Example]:
    run = Run(run_folder(work, row, seed))
    return [clip for clip in read_examples(run.data_file) if clip.split == TRAIN]


def _learning(run: Run) -> Learning | None:
    events = run.events()
    steps = [event for event in events if isinstance(event, RlStepDone)]
    if not steps:
        return None
    tenth = max(1, len(steps) // 10)
    kept = [event.step for event in events if isinstance(event, BestKept)]
    groups = sum(step.groups for step in steps)
    return Learning(
        steps=len(steps),
        best_step=kept[-1] if kept else len(steps),
        first_reward=round(fmean(step.reward for step in steps[:tenth]), 4),
        last_reward=round(fmean(step.reward for step in steps[-tenth:]), 4),
        skipped_share=round(sum(s.skipped_share * s.groups for s in steps) / groups, 4),
        repetition_share=round(fmean(step.repetition_share for step in steps[-tenth:]), 4),
    )


def _numbers(values: Iterable[int]) -> str:
    return " ".join(map(str, values))
