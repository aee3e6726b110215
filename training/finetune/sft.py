"""The stages sft1, sft2 and sft3: supervised fine-tuning, scope after scope (A2S-SFT)."""

from collections.abc import Callable

from transformers import TrainingArguments, logging

from engine.device import choose
from training.finetune.collate import Collator
from training.finetune.context import Context, Outcome
from training.finetune.events import StageFinished, StagePaused, StageStarted
from training.finetune.files import new_folder
from training.finetune.held_out import score_held_out
from training.finetune.interrupt import obedient
from training.finetune.lora import save_adapter, train_only
from training.finetune.plan import Step, batches, batches_per_step, curriculum, steps
from training.finetune.prepare import Clips, prepared, with_wer
from training.finetune.run import STEP, Command, Run
from training.finetune.scopes import rates
from training.finetune.trainee import Trainee, autocast_dtype, load_trainee
from training.finetune.trainer import SftTrainer, Watch, storage_errors

_PATIENCE_S = 7 * 24 * 3600
"""That processes wait for each other: one may be opening a great many clips."""


def train(run: Run, context: Context) -> Outcome:
    """One phase, from wherever its checkpoints say it is.

    Raises:
        WildscribeError: data, model or device cannot be used, the disk is full, or the loss is no
            number.
        torch.OutOfMemoryError: the clips in memory at once are too many.
    """
    return obedient(run, context, _trained)


def _trained(run: Run, context: Context) -> Outcome:
    phase = run.config.phase(context.stage)
    arguments = training_arguments(run, context)  # also joins the other processes
    trainee = load_trainee(run, context.stage)
    clips = prepared(run, context)
    if phase.wer_limits:
        with trainee.hearing() as recognizer:
            clips = with_wer(run, context, clips, recognizer)
    per_step = run.config.batch.clips_per_step
    planned = steps(curriculum(phase, clips.train, per_step), per_step, run.config.seed)
    checkpoint = run.last_checkpoint(context.stage)
    done = int(checkpoint.name.removeprefix(STEP)) if checkpoint else 0
    context.emit(StageStarted(context.stage, done, len(planned)))
    watch = Watch(context)
    trainer = make_trainer(
        run, context, trainee, planned, arguments, watch,
        lambda step: score_held_out(context, trainee, clips.held_out, step),
    )  # fmt: skip
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    step = trainer.state.global_step
    if watch.command is Command.PAUSE and step < len(planned):
        context.emit(StagePaused(context.stage, step))
        return Outcome.PAUSED
    _keep(run, context, trainee, clips, step)
    stopped = watch.command is Command.STOP
    context.emit(StageFinished(context.stage, step, early=step < len(planned)))
    return Outcome.STOPPED if stopped else Outcome.FINISHED


def make_trainer(
    run: Run,
    context: Context,
    trainee: Trainee,
    planned: list[Step],
    arguments: TrainingArguments,
    watch: Watch,
    measure: Callable[[int], object] = lambda step: None,
) -> SftTrainer:
    """The trainer of a phase, with exactly its scopes let loose."""
    learning = rates(run.config.phase(context.stage))
    parameters = train_only(trainee.model, set(learning))
    if run.config.batch.gradient_checkpointing:
        checkpoint_activations(trainee)
    count = arguments.gradient_accumulation_steps * context.processes
    return SftTrainer(
        trainee.model,
        arguments,
        Collator(trainee.processor),
        [batch for step in planned for batch in batches(step, count)],
        planned,
        {scope: (own, learning[scope]) for scope, own in parameters.items()},
        context,
        watch,
        measure,
    )


def checkpoint_activations(trainee: Trainee) -> None:
    """Keeps a layer's input only, and computes the rest again on the way back.

    transformers makes the first convolution's output require a gradient for it, which only the
    reentrant form needs: the way back would then lead through convolutions that nobody trains.
    """
    trainee.base.activation_checkpointing_enable({"use_reentrant": False})
    trainee.base.disable_input_require_grads()


def training_arguments(run: Run, context: Context) -> TrainingArguments:
    """A run's settings in the words of transformers; batches are laid out by the plan."""
    config = run.config
    device = choose(config.model.device)
    half = autocast_dtype(device, config.model)
    count = batches_per_step(config.batch.clips_per_step, run.clips_at_once, context.processes)
    logging.set_verbosity_error()
    arguments = TrainingArguments(
        output_dir=str(run.checkpoints(context.stage)),
        seed=config.seed,
        num_train_epochs=1,
        per_device_train_batch_size=1,  # item of the data set: a whole batch
        train_sampling_strategy="sequential",
        gradient_accumulation_steps=count // context.processes,
        warmup_steps=config.optimizer.warm_up_share,
        weight_decay=config.optimizer.weight_decay,
        max_grad_norm=config.optimizer.clip_norm,
        dataloader_num_workers=config.batch.loader_processes,
        dataloader_pin_memory=not device.is_cpu,
        remove_unused_columns=False,
        use_cache=True,  # for hearing on the way; the loss asks for none
        use_cpu=device.is_cpu,
        bf16=half == "bfloat16",
        fp16=half == "float16",
        ddp_find_unused_parameters=False,
        ddp_timeout=_PATIENCE_S,
        save_strategy="no",  # `Watch` says when
        logging_strategy="no",
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        log_level="error",
    )
    assert arguments.device is not None  # asking joins the other processes
    arguments._n_gpu = 1  # several GPUs are for several processes, never for DataParallel
    return arguments


def _keep(run: Run, context: Context, trainee: Trainee, clips: Clips, step: int) -> None:
    """Writes what came of the stage, then hears the held-out clips with it."""
    if context.is_main:
        target = run.adapter(context.stage)
        with storage_errors(run.folder), new_folder(target) as folder:
            save_adapter(trainee.model, folder)
    score_held_out(context, trainee, clips.held_out, step)
