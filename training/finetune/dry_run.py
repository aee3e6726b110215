"""What a run would do and cost, found out without beginning it."""

import importlib.util
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from engine.checkpoint.config import read_config
from engine.recognizer.recognizer import SPARE_TOKENS, TOKENS_A_SECOND
from engine.samples import SAMPLE_RATE_HZ
from training.data import Example, Problem, read_examples
from training.data.example import HELD_OUT, TRAIN
from training.data.problems import read_problems
from training.finetune.config import RunConfig
from training.finetune.copies import Wanted, marked, scenario_copies, with_copies
from training.finetune.memory import Load, MemoryEstimate, estimate, parameter_counts
from training.finetune.plan import Part, curriculum
from training.finetune.prepare import held_out_advice, inspect
from training.finetune.run import Run
from training.finetune.scopes import Scope, rates
from training.finetune.stages import require
from training.finetune.trainee import autocast_dtype, place
from training.finetune.trial import LEARNING, step_time_s

_SMALL_BYTES = 64 << 10
"""Of a checkpoint, beside its tensors."""

_ROUTER_BYTES = 16 << 20
"""A checkpoint of the router: 1.2 million parameters, three times in float32."""

_COPY_BYTES_A_SECOND = 2 * SAMPLE_RATE_HZ
"""Of a degraded copy; FLAC takes less."""


@dataclass(frozen=True, slots=True)
class StagePlan:
    """One phase of supervised fine-tuning, or reinforcement learning.

    Attributes:
        stage: its name.
        parts: WER limit (None: no limit), clips and steps of each part of the curriculum.
        memory: of its worst step.
        checkpoint_bytes: of one checkpoint, and of a best adapter where there are any.
        step_s: measured time of one of its steps, s; None when it was not measured.
    """

    stage: str
    parts: tuple[tuple[float | None, int, int], ...]
    memory: MemoryEstimate
    checkpoint_bytes: int
    step_s: float | None

    @property
    def steps(self) -> int:
        """Of all parts."""
        return sum(steps for _, _, steps in self.parts)


@dataclass(frozen=True, slots=True)
class LaterPlan:
    """A stage that teaches no adapter; neither memory nor time is reckoned.

    Attributes:
        stage: its name.
        steps: of the optimiser; 0 for none.
        copies: degraded copies of clips that are made for it.
        clips: that are heard for it, copies included, by the base and by every adapter.
        disk_bytes: that it takes at most.
    """

    stage: str
    steps: int
    copies: int
    clips: int
    disk_bytes: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would do.

    Attributes:
        train_clips: clips that would be learnt from.
        held_out_clips: clips that never are.
        audio_s: of both, s.
        problems: every clip that is left out, and why; of a run that has begun, as it found them.
        unknown_wers: training clips that the base model has to hear first; while they are unknown
            the steps below count them as learnable.
        stages: the SFT phases, and ``rl``.
        later: the other stages.
        warnings: sentences about what the run will not be able to do.
        disk_bytes: that the run will need at most.
        free_bytes: on its disk.
    """

    train_clips: int
    held_out_clips: int
    audio_s: float
    problems: tuple[Problem, ...]
    unknown_wers: int
    stages: tuple[StagePlan, ...]
    later: tuple[LaterPlan, ...]
    warnings: tuple[str, ...]
    disk_bytes: int
    free_bytes: int

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the sums."""
        rows = [
            asdict(s) | {"steps": s.steps, "memory_bytes": s.memory.total_bytes}
            for s in self.stages
        ]
        return asdict(self) | {"stages": rows}


def dry_run(run: Run, *, measure: bool = True) -> DryRun:
    """Reads and checks the data, plans every stage, and takes real steps of each that learns.

    Nothing is left behind but audio that had to be unpacked.

    Args:
        run: the run.
        measure: whether to take the steps, which needs the model in memory.

    Raises:
        OutOfMemoryError: a step does not fit into memory.
        WildscribeError: data, model or device cannot be used, or there is no such stage.
    """
    require(run.config.stages)
    if run.data_file.exists():
        examples, problems = read_examples(run.data_file), read_problems(run.problems_file)
    else:
        examples, problems = inspect(run)
    train = [e for e in examples if e.split == TRAIN]
    names = [name for name in run.config.stages if name.startswith("sft")]
    able = [n for n in run.config.stages if n in LEARNING and (n != "rl" or _has_trl())]
    step_s = {name: step_time_s(run, name, train) for name in able if measure and train}
    limited = any(run.config.phase(name).wer_limits for name in names)
    unknown = sum(e.wer is None for e in train) if limited else 0
    # What is not known yet counts as learnable.
    hopeful = [e if e.wer is not None else replace(e, wer=0.0) for e in train]
    stages = tuple(_planned(run, name, hopeful, step_s.get(name)) for name in names)
    if "rl" in run.config.stages:
        stages += (_planned_rl(run.config, train, step_s.get("rl")),)
    held_out = marked((e for e in examples if e.split == HELD_OUT), run.config.data)
    reckoned = {plan.stage for plan in stages}
    later = tuple(
        _later(run.config, name, train, held_out)
        for name in run.config.stages
        if name not in reckoned
    )
    adapter_bytes = sum((run.config.checkpoints.kept + 2) * s.checkpoint_bytes for s in stages)
    return DryRun(
        train_clips=len(train),
        held_out_clips=len(held_out),
        audio_s=sum(e.duration_s for e in examples),
        problems=tuple(problems),
        unknown_wers=unknown,
        stages=stages,
        later=later,
        warnings=tuple(_warnings(run.config, examples, held_out)),
        disk_bytes=adapter_bytes + sum(plan.disk_bytes for plan in later),
        free_bytes=shutil.disk_usage(run.folder).free,
    )


def _has_trl() -> bool:
    return importlib.util.find_spec("trl") is not None


def _later(
    config: RunConfig, stage: str, train: list[Example], held_out: list[Example]
) -> LaterPlan:
    kept = config.checkpoints.kept + 2
    steps = copies = clips = disk_bytes = 0
    wanted: list[Wanted] = []
    if stage == "router":
        steps = config.router.steps
        disk_bytes = kept * _ROUTER_BYTES
        known = marked(train, config.data)
        for side, most in (
            (known, config.router.most_clips),
            (held_out, config.router.most_held_out_clips),
        ):
            chosen, more = with_copies(side, config.router.copies, most)
            clips += len(chosen)
            wanted += more
    elif stage == "evaluate":
        clips = min(len(held_out), config.evaluate.most_clips)
        wanted = scenario_copies(held_out, config.evaluate.scenario_clips)
    copies = len(wanted)
    disk_bytes += round(sum(one.of.duration_s for one in wanted) * _COPY_BYTES_A_SECOND)
    return LaterPlan(stage, steps, copies, clips + copies, disk_bytes)


def _warnings(config: RunConfig, examples: list[Example], held_out: list[Example]) -> Iterator[str]:
    """What the stages will miss."""
    if "rl" in config.stages and not _has_trl():
        yield 'The stage rl needs TRL, which is not installed: pip install "wildscribe[rl]".'
    if not {"router", "evaluate"} & set(config.stages):
        return
    if not held_out:
        yield (
            "No clips are held out, and the stages router and evaluate need some. "
            + held_out_advice(examples, config.data.held_out_share)
        )
    clean = config.evaluate.clean or any(clip.scenario == "clean" for clip in held_out)
    if "evaluate" in config.stages and not clean:
        yield (
            "No held-out clip is known to be clean, so harm cannot be ruled out and nothing will "
            'be promoted: name clean clips under [evaluate] clean, or set unmarked = "clean".'
        )


def load_of(config: RunConfig, stage: str, clips: Sequence[Example]) -> Load:
    """What the worst batch of a phase has in memory at once."""
    _, device, dtype = place(config.model)
    return Load(
        clips=min(config.batch.clips_at_once, config.batch.clips_per_step),
        clip_s=max((clip.duration_s for clip in clips), default=config.data.most_clip_s),
        learning=frozenset(rates(config.phase(stage))),
        rank=config.adapter.rank,
        dropout=config.adapter.dropout > 0,
        weight_bytes=dtype.itemsize,
        compute_bytes=2 if autocast_dtype(device, config.model) else dtype.itemsize,
        gradient_checkpointing=config.batch.gradient_checkpointing,
        four_bit=config.model.four_bit,
        on_cpu=device.is_cpu,
    )


def _planned(run: Run, stage: str, clips: list[Example], step_s: float | None) -> StagePlan:
    config = run.config
    sizes = read_config(place(config.model)[0])
    load = load_of(config, stage, clips)
    parts: list[Part] = []
    if clips:
        parts = curriculum(config.phase(stage), clips, config.batch.clips_per_step)
    lora = parameter_counts(sizes, config.adapter.rank)[2]
    learning = sum(lora[scope] for scope in load.learning)
    return StagePlan(
        stage=stage,
        parts=tuple((part.wer_limit, len(part.clips), part.steps) for part in parts),
        memory=estimate(sizes, load),
        checkpoint_bytes=4 * sum(lora.values()) + 8 * learning + _SMALL_BYTES,
        step_s=step_s,
    )


def rl_load_of(config: RunConfig, clips: Sequence[Example]) -> Load:
    """What reinforcement learning has in memory at once, should rollouts be as long as they may."""
    rl = config.rl
    at_once = rl.learnt_at_once(config.batch.clips_at_once)
    load = load_of(config, "sft3", clips)
    return replace(
        load,
        clips=max(1, at_once // rl.rollouts),
        learning=frozenset(Scope),
        dropout=False,
        compute_bytes=load.weight_bytes if load.on_cpu else load.compute_bytes,
        rollouts=min(rl.rollouts, at_once),
        most_tokens=min(rl.most_tokens, SPARE_TOKENS + int(TOKENS_A_SECOND * load.clip_s)),
        sampled_clips=rl.sampled_at_once(rl.rollouts_at_once),
        sampled_rollouts=rl.rollouts,
    )


def _planned_rl(config: RunConfig, clips: list[Example], step_s: float | None) -> StagePlan:
    sizes = read_config(place(config.model)[0])
    lora = sum(parameter_counts(sizes, config.adapter.rank)[2].values())
    return StagePlan(
        stage="rl",
        parts=((None, len(clips), config.rl.steps),),
        memory=estimate(sizes, rl_load_of(config, clips)),
        checkpoint_bytes=(4 + 8 + 4) * lora + _SMALL_BYTES,
        step_s=step_s,
    )
