"""The stage ``rl``: reinforcement learning on a copy of the adapter that the stages before left.

Resuming. Exact, on the same machine and device, in the same precision and with nothing halved:
the clips and their order, optimiser, rate, random numbers, hence the rollouts, the best adapter,
patience and alarms; on a CPU the resumed and the uninterrupted run end with equal weights. Not
exact: after memory ran out, since fewer rollouts are then sampled at once and draw other random
numbers; and on a GPU as far as its kernels are not deterministic. What was done behind the last
checkpoint is done again. Checkpoints never fall between two updates on the same rollouts.
"""

from typing import Any

from transformers import TrainerCallback, logging

from engine.device import choose
from training.finetune.context import Context, Outcome
from training.finetune.errors import RunError
from training.finetune.events import StageFinished, StagePaused, StageStarted
from training.finetune.interrupt import obedient
from training.finetune.lora import load_weights, train_only
from training.finetune.prepare import Clips, prepared
from training.finetune.run import STEP, Command, Run
from training.finetune.scopes import Scope
from training.finetune.sft import checkpoint_activations
from training.finetune.trainee import Trainee, load_trainee
from training.rl.journal import Journal
from training.rl.order import Order
from training.rl.rollouts import Judge, judge
from training.rl.trainer import DapoTrainer
from training.rl.trl_api import GRPOConfig


def train(run: Run, context: Context, judge_with: Judge | None = None) -> Outcome:
    """DG-WGPO, from wherever its checkpoints say it is.

    Args:
        run: the run; its ``[rl]`` section says how.
        context: of the stage.
        judge_with: rewards rollouts; by default what ``[rl]`` describes.

    Raises:
        WildscribeError: data, model or device cannot be used, the disk is full, the loss is no
            number, or there is more than one process.
        torch.OutOfMemoryError: too much at once.
    """
    return obedient(run, context, lambda run, context: _trained(run, context, judge_with))


def _trained(run: Run, context: Context, judge_with: Judge | None) -> Outcome:
    if context.processes > 1:
        raise RunError(
            f"The stage {context.stage} runs in one process, and there are {context.processes}.",
            "The stages before it are kept.",
            "Resume the run without torchrun or accelerate.",
        )
    config = run.config.rl
    trainee = load_trainee(run, context.stage)
    clips = prepared(run, context)
    checkpoint = run.last_checkpoint(context.stage)
    done = int(checkpoint.name.removeprefix(STEP)) if checkpoint else 0
    context.emit(StageStarted(context.stage, done, config.steps))
    journal = Journal(context, trainee, config, clips.held_out, checkpoint)
    watch = Watch(context)
    judging = judge_with or judge(config)
    trainer = make_trainer(run, context, trainee, clips, judging, journal, watch)
    if checkpoint is None:
        journal.measured(0)
    else:
        load_weights(trainee.model, checkpoint)
    if done < config.steps:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    step = max(done, trainer.state.global_step)
    if watch.command is Command.PAUSE and step < config.steps and not journal.ended_early:
        context.emit(StagePaused(context.stage, step))
        return Outcome.PAUSED
    journal.keep(run.adapter(context.stage))
    context.emit(StageFinished(context.stage, step, early=step < config.steps))
    return Outcome.STOPPED if watch.command is Command.STOP else Outcome.FINISHED


def make_trainer(
    run: Run,
    context: Context,
    trainee: Trainee,
    clips: Clips,
    judging: Judge,
    journal: Journal,
    watch: "Watch",
) -> DapoTrainer:
    """The trainer of the stage, with every scope let loose."""
    config = run.config.rl
    train_only(trainee.model, set(Scope))
    if run.config.batch.gradient_checkpointing:
        checkpoint_activations(trainee)
    return DapoTrainer(
        trainee,
        training_arguments(run, context),
        config,
        Order(clips.train, run.config.seed, journal.position),
        judging,
        journal,
        [watch],
        rollouts_at_once=config.rollouts_at_once >> run.state().halvings,
    )


def training_arguments(run: Run, context: Context) -> Any:
    """A run's settings in the words of TRL."""
    config, rl = run.config, run.config.rl
    device = choose(config.model.device)
    rollouts = rl.clips_per_step * rl.rollouts
    at_once = rl.learnt_at_once(config.batch.clips_at_once, run.state().halvings)
    logging.set_verbosity_error()
    arguments = GRPOConfig(
        output_dir=str(run.checkpoints(context.stage)),
        seed=config.seed,
        max_steps=rl.steps,
        num_generations=rl.rollouts,
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=rollouts // at_once,
        num_iterations=rl.updates_per_rollout,
        shuffle_dataset=False,
        loss_type="dapo",
        beta=0.0,
        epsilon=rl.epsilon_low,
        epsilon_high=rl.epsilon_high,
        scale_rewards="group",
        importance_sampling_level="token",
        mask_truncated_completions=False,  # the overlong penalty is for these
        disable_dropout=True,  # what is sampled and what is learnt must be the same policy
        temperature=rl.temperature,
        learning_rate=rl.rate,
        warmup_steps=config.optimizer.warm_up_share,
        weight_decay=config.optimizer.weight_decay,
        max_grad_norm=config.optimizer.clip_norm,
        optim="adamw_torch",
        activation_checkpointing=False,  # done by `make_trainer`, without what TRL adds to it
        use_cache=True,  # sampling without would compute every token anew
        use_cpu=device.is_cpu,
        bf16=device.half == "bfloat16",
        fp16=device.half == "float16",
        save_strategy="no",  # `Watch` says when
        logging_strategy="no",
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        log_level="error",
    )
    assert arguments.device is not None
    arguments._n_gpu = 1  # one GPU of several; never DataParallel
    return arguments


class Watch(TrainerCallback):  # type: ignore[misc]
    """Decides after each step what is saved and measured, and whether it goes on."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.command = Command.GO_ON

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        config = self._context.run.config
        updates, measure = config.rl.updates_per_rollout, config.rl.held_out_every_steps
        save = config.checkpoints.every_steps
        step, done = state.global_step, state.global_step == state.max_steps
        whole = step % updates == 0  # all updates on these rollouts are made
        self.command = self._context.command() if whole else Command.GO_ON
        stopping = self.command is not Command.GO_ON
        control.should_log = True
        control.should_training_stop = stopping or done
        control.should_evaluate = done or self.command is Command.STOP or step % measure == 0
        # A checkpoint that is due between two updates on the same rollouts waits for the last.
        control.should_save = stopping or done or (whole and step % save < updates)
