"""The stage ``router``: a router for the adapter that the stages before have left.

Clips as they are and degraded copies of them are heard by base and adapter; what the adapter saves
on a clip, and whether the clip is degraded, is what the router learns. Held-out clips calibrate it
and choose its threshold. The result is the adapter with its router beside it.

Resuming: copies and what was heard are kept clip by clip; the training goes on from its last
checkpoint and, on a CPU, ends with the same weights. What was heard is in the run's ``report``,
where the stage ``evaluate`` looks too: no clip is heard twice.
"""

import io
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.checkpoint import ModelFolder
from engine.checkpoint.folder import ROUTER_REPORT
from engine.device import choose
from engine.errors import StorageError, UsageError
from engine.models import located
from engine.router import RouterNetwork, load_network
from training.adapters.fingerprint import ADAPTER_FILES
from training.data import Example
from training.evaluate import evaluation_clips
from training.evaluate.listen import Candidate
from training.evaluate.of_run import adapter_for, ears
from training.evaluate.store import Store
from training.finetune.context import Context, Outcome
from training.finetune.copies import copied, degraded, marked, with_copies
from training.finetune.events import (
    CheckpointSaved,
    StageFinished,
    StagePaused,
    StageStarted,
)
from training.finetune.files import new_folder, write_text
from training.finetune.interrupt import in_main_process
from training.finetune.prepare import errors, prepared
from training.finetune.run import STEP, Command, Run
from training.finetune.trainer import storage_errors
from training.routing.benefit import benefits
from training.routing.errors import RoutingError
from training.routing.events import RouterMade, RouterRefused, RouterStepDone
from training.routing.examples import RoutingExample
from training.routing.page import to_html, to_markdown
from training.routing.recipe import TrainedRouter, judged
from training.routing.train import RouterTraining, RoutingOptions
from training.score import Interval
from training.simulate import Materials

STATE = "training.pt"


@dataclass(frozen=True, slots=True)
class Sides:
    """Clips with what is known about them, to learn from and held out."""

    train: list[RoutingExample]
    held_out: list[RoutingExample]


def work(run: Run, context: Context, materials: Materials | None = None) -> Outcome:
    """Makes a router, from wherever the run's files say it is.

    Args:
        run: the run; its ``[router]`` section says how.
        context: of the stage.
        materials: what degraded copies are made with; see `training.finetune.copies.copied`.

    Raises:
        WildscribeError: there is no adapter or no held-out clip, a model or a clip cannot be used,
            or the disk is full.
    """
    return in_main_process(run, context, lambda run, context: _made(run, context, materials))


def _made(run: Run, context: Context, materials: Materials | None) -> Outcome:
    adapter = adapter_for(run, context.stage)
    checkpoint = run.last_checkpoint(context.stage)
    done = int(checkpoint.name.removeprefix(STEP)) if checkpoint else 0
    context.emit(StageStarted(context.stage, done, run.config.router.steps))
    sides = _measured(run, context, adapter, materials)
    step = done
    try:
        training = _training(run, sides, checkpoint)
        command = _train(run, context, training)
        step = len(training.steps)
        if command is Command.PAUSE:
            context.emit(StagePaused(context.stage, step))
            return Outcome.PAUSED
        made = judged(
            training.finished(), training.steps, len(sides.train), sides.held_out, _options(run)
        )
    except RoutingError as error:
        context.emit(RouterRefused(context.stage, step, error.what, error.remedy))
        command = run.command()
    else:
        _keep(run, context, adapter, made, sides)
        context.emit(_event(context, made, step))
    context.emit(StageFinished(context.stage, step, early=command is Command.STOP))
    return Outcome.STOPPED if command is Command.STOP else Outcome.FINISHED


def _measured(run: Run, context: Context, adapter: Path, materials: Materials | None) -> Sides:
    """The clips of both sides, heard by base and adapter.

    Raises:
        UsageError: no clips are held out.
        InterruptedStage: someone wants something else.
    """
    config = run.config.router
    clips = prepared(run, context)
    if not clips.held_out:
        raise UsageError(
            "No clips of this run are held out, and a router needs some for its threshold.",
            "What was learnt is kept.",
            "Begin a run with held_out_share above 0, or leave the stage router out.",
        )
    train = _heard_by_both(run, context, clips.train, config.most_clips, materials)
    held_out = _heard_by_both(run, context, clips.held_out, config.most_held_out_clips, materials)
    asked = evaluation_clips([*train, *held_out])
    once = list({clip.id: clip for clip in asked}.values())
    with ears(run, context) as listener:
        candidate = Candidate("new", adapter)  # without a router: the one to be made is for it
        texts = listener.listen(once, [candidate], Store(run.report))
    heard = {
        clip.id: (base.text, adapted.text)
        for clip, base, adapted in zip(once, texts.base, texts.adapted[0], strict=True)
    }
    # Where nothing is known to be clean, "degraded" would be all that a class could say.
    tells = any(example.scenario == "clean" for example in train)
    rows = [
        RoutingExample(
            clip=example.audio,
            degraded=degraded(example) if tells and example.scenario else None,
            base=errors(example, heard[clip.id][0]),
            robust=errors(example, heard[clip.id][1]),
            group=example.speaker or example.id,
        )
        for example, clip in zip([*train, *held_out], asked, strict=True)
    ]
    return Sides(rows[: len(train)], rows[len(train) :])


def _heard_by_both(
    run: Run, context: Context, clips: Sequence[Example], most: int, materials: Materials | None
) -> list[Example]:
    """Clips and their degraded copies, at most so many."""
    known = marked(clips, run.config.data)
    chosen, wanted = with_copies(known, run.config.router.copies, most)
    return [*chosen, *copied(run, context, wanted, materials)]


def _options(run: Run) -> RoutingOptions:
    config = run.config.router
    return RoutingOptions(
        steps=config.steps,
        batch=config.clips_per_step,
        rate=config.rate,
        prior_edits=config.prior_edits,
        seed=run.config.seed,
        device=choose(run.config.model.device).name,
    )


def _training(run: Run, sides: Sides, checkpoint: Path | None) -> RouterTraining:
    """The training where it was; from the model's own router where that is wanted.

    Raises:
        RoutingError: no clip says anything.
        StorageError: the checkpoint is damaged.
    """
    model = located(run.config.model.path)
    training = RouterTraining(sides.train, _options(run), _start(run, model))
    if checkpoint is not None:
        try:
            training.restore(torch.load(checkpoint / STATE, weights_only=True, map_location="cpu"))
        except (OSError, RuntimeError, KeyError, TypeError, ValueError, EOFError) as error:
            raise StorageError(
                f"{checkpoint / STATE} cannot be read: {error}.",
                "Nothing was changed.",
                "Delete that checkpoint; the stage then goes on from the one before.",
            ) from error
    return training


def _start(run: Run, model: ModelFolder) -> RouterNetwork | None:
    own = run.config.router.from_model and model.router is not None
    return load_network(model.router) if own and model.router else None


def _train(run: Run, context: Context, training: RouterTraining) -> Command:
    """Goes on to the last step, or to where someone wants something else."""
    total, every = run.config.router.steps, run.config.checkpoints.every_steps
    command = run.command()
    while not training.done and command is Command.GO_ON:
        began = time.monotonic()
        step = training.advance()
        context.emit(
            RouterStepDone(
                stage=context.stage,
                step=step.number,
                steps=total,
                loss=step.loss,
                rate=step.rate,
                wall_s=time.monotonic() - began,
            )
        )
        command = run.command()
        if training.done or command is not Command.GO_ON or step.number % every == 0:
            _save(run, context, training)
    # A wish that comes with the last step comes too late to be obeyed.
    return Command.GO_ON if training.done and command is Command.PAUSE else command


def _save(run: Run, context: Context, training: RouterTraining) -> None:
    step = len(training.steps)
    target = run.checkpoints(context.stage) / f"{STEP}{step}"
    content = io.BytesIO()  # of a full disk, torch itself says no more than that writing failed
    torch.save(training.state(), content)
    with storage_errors(run.folder), new_folder(target) as folder:
        (folder / STATE).write_bytes(content.getbuffer())
    run.prune(context.stage)
    context.emit(CheckpointSaved(context.stage, step))


def _keep(run: Run, context: Context, adapter: Path, made: TrainedRouter, sides: Sides) -> None:
    """The adapter with its router, and what a person reads about them."""
    benefit = benefits(sides.held_out)
    with storage_errors(run.folder):
        with new_folder(run.adapter(context.stage)) as folder:
            for name in ADAPTER_FILES:
                if (adapter / name).is_file():
                    shutil.copyfile(adapter / name, folder / name)
            made.save(folder)
        run.report.mkdir(exist_ok=True)
        found = run.adapter(context.stage)
        shutil.copyfile(found / ROUTER_REPORT, run.report / ROUTER_REPORT)
        name = run.folder.name
        write_text(run.report / "router.html", to_html(made.report, benefit, name))
        write_text(run.report / "router.md", to_markdown(made.report, benefit, name))


def _event(context: Context, made: TrainedRouter, step: int) -> RouterMade:
    report, choice = made.report, made.report.choice
    nothing = float("nan")

    def rate(interval: Interval | None) -> float:
        return nothing if interval is None else interval.estimate

    return RouterMade(
        stage=context.stage,
        step=step,
        clips=report.clips,
        held_out_clips=report.held_out_clips,
        accuracy=nothing if report.accuracy is None else report.accuracy,
        calibration_error=report.after.error,
        threshold=report.threshold,
        robust_share=choice.robust_share if choice else nothing,
        base_wer=rate(choice.base) if choice else nothing,
        robust_wer=rate(choice.robust) if choice else nothing,
        routed_wer=rate(choice.routed) if choice else nothing,
    )
