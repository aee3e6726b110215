"""The Trainer of transformers for this model: its loss, its rates, its checkpoints."""

import math
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from safetensors import SafetensorError
from torch import Tensor, distributed, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import Dataset
from transformers import Trainer, TrainerCallback, TrainingArguments

from engine.device import is_out_of_memory
from engine.errors import StorageError, WildscribeError
from training.data import Example
from training.finetune.collate import IGNORED, Collator
from training.finetune.context import Context
from training.finetune.errors import DiskFullError, LossNotFiniteError, storage_error
from training.finetune.events import CheckpointSaved, StepDone
from training.finetune.files import new_folder
from training.finetune.lora import load_weights, save_adapter
from training.finetune.plan import Step
from training.finetune.run import STEP, Command
from training.finetune.scopes import Scope

_FULL_BYTES = 16 << 20
"""A disk with less than this left is full."""


class Batches(Dataset[Step]):
    """A whole phase, batch by batch, in the order in which it is learnt."""

    def __init__(self, batches: Sequence[Step]) -> None:
        self._batches = batches

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> Step:
        return self._batches[index]


class SftTrainer(Trainer):  # type: ignore[misc]
    """Trains the LoRA of some scopes on a planned sequence of batches.

    The data set's order is the plan's, one item a batch; so transformers' own way of resuming,
    skipping what was done, ends at the same clip.

    Args:
        model: base and adapter; exactly what learns requires a gradient.
        arguments: see `training.finetune.sft`.
        collate: batches to tensors.
        batches: of the whole phase.
        steps: clips of each step, for the record.
        groups: parameters and learning rate of each scope.
        context: of the stage.
        watch: decides what happens after a step.
        measure: hears held-out clips behind a step.
    """

    def __init__(
        self,
        model: PeftModel,
        arguments: TrainingArguments,
        collate: Collator,
        batches: Sequence[Step],
        steps: Sequence[Step],
        groups: Mapping[Scope, tuple[list[nn.Parameter], float]],
        context: Context,
        watch: "Watch",
        measure: Callable[[int], object],
    ) -> None:
        self.optimizer: torch.optim.Optimizer | None = None
        self.lr_scheduler: torch.optim.lr_scheduler.LRScheduler | None = None
        self._groups = groups
        self._steps = steps
        self._context = context
        self._measure = measure
        self._since = time.monotonic()
        self._target_tokens = 0
        self._rate = 0.0
        # No processing_class: transformers would overwrite the end marks with the tokenizer's.
        super().__init__(
            model=model,
            args=arguments,
            data_collator=collate,
            train_dataset=Batches(batches),
            callbacks=[watch],
        )
        self.loss_is_scaled_for_ga = True

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """AdamW with a learning rate for each scope."""
        if self.optimizer is None:
            self.optimizer = torch.optim.AdamW(
                [
                    {"params": parameters, "lr": rate, "name": str(scope)}
                    for scope, (parameters, rate) in self._groups.items()
                ],
                weight_decay=self.args.weight_decay,
            )
        return self.optimizer

    def create_scheduler(
        self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None
    ) -> torch.optim.lr_scheduler.LRScheduler:
        """Linear up and linear down, without a step at rate 0 at either end."""
        if self.lr_scheduler is None:
            warm = self.args.get_warmup_steps(num_training_steps)
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
                optimizer or self.create_optimizer(),
                lambda step: rate_factor(step, num_training_steps, warm),
            )
            self._created_lr_scheduler = True
        return self.lr_scheduler

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:
        """Cross entropy of the target tokens, over the number of them in the whole step."""
        labels = inputs["labels"]
        wanted = {name: tensor for name, tensor in inputs.items() if name != "labels"}
        outputs = model(**wanted, logits_to_keep=labels.shape[1], use_cache=False)
        chosen = labels[:, 1:] != IGNORED
        scores = outputs.logits[:, :-1][chosen].float()
        loss = cross_entropy(scores, labels[:, 1:][chosen], reduction="sum")
        assert num_items_in_batch is not None
        self._target_tokens = int(num_items_in_batch)
        self._rate = max(group["lr"] for group in self.create_optimizer().param_groups)
        # Gradients are averaged over processes; the count is of all of them.
        processes: int = self.accelerator.num_processes
        return loss * (processes / num_items_in_batch)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Tells of a step; a loss or gradient that is no number ends the training here, before
        anything is saved.

        Raises:
            LossNotFiniteError: it is not finite.
        """
        if "loss" not in logs:
            return
        step = self.state.global_step
        loss, norm = logs["loss"], logs["grad_norm"]
        now = time.monotonic()
        self._context.emit(
            StepDone(
                stage=self._context.stage,
                step=step,
                steps=self.state.max_steps,
                loss=loss,
                rate=self._rate,
                gradient_norm=norm,
                audio_s=sum(clip.duration_s for clip in self._steps[step - 1]),
                target_tokens=self._target_tokens,
                wall_s=now - self._since,
            )
        )
        self._since = now
        # In float16 a step that overflows is left out, and the next one scaled down.
        skipped = self.accelerator.optimizer_step_was_skipped
        if not math.isfinite(loss) or not (math.isfinite(norm) or skipped):
            raise not_finite(step, loss, norm, self._steps[step - 1])

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Hears held-out clips, as `Watch` asked."""
        self.control.should_evaluate = False  # else a pause behind this step asks once more
        self._measure(self.state.global_step)
        return {}

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Everything that is needed to go on; the folder gets its name when all is in it."""
        target = Path(self.args.output_dir) / f"{STEP}{self.state.global_step}"
        part = target.with_name(f".{target.name}.part")
        with storage_errors(target.parent):
            if not self._context.is_main:
                distributed.barrier()
                self._save_rng_state(str(part))
                distributed.barrier()
                return
            with new_folder(target) as folder:
                self._wait()
                self._save_rng_state(str(folder))
                save_adapter(self.model, folder)
                self._save_optimizer_and_scheduler(str(folder))
                self._save_scaler(str(folder))
                self.state.save_to_json(str(folder / "trainer_state.json"))
                self._wait()
        self._context.run.prune(self._context.stage)
        self._context.emit(CheckpointSaved(self._context.stage, self.state.global_step))

    def _load_from_checkpoint(
        self, resume_from_checkpoint: str, model: nn.Module | None = None
    ) -> None:
        load_weights(self.model, Path(resume_from_checkpoint))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        rates = [rate for _, rate in self._groups.values()]
        set_rates(self.create_optimizer(), self.lr_scheduler, rates)

    def _wait(self) -> None:
        if self._context.processes > 1:
            distributed.barrier()


def set_rates(
    optimizer: torch.optim.Optimizer,
    scheduler: torch.optim.lr_scheduler.LRScheduler | None,
    rates: Sequence[float],
) -> None:
    """The rates that the run asks for now; a checkpoint brings those that it was made with.

    Args:
        optimizer: whose groups have these rates, in their order, before warm-up and decay.
        scheduler: of the optimizer; it goes on from where it is.
        rates: of the groups.
    """
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        before = group.get("initial_lr", rate)
        group["lr"] *= rate / before
        group["initial_lr"] = rate
    if scheduler is not None:
        scheduler.base_lrs = list(rates)


def not_finite(step: int, loss: float, norm: float, clips: Sequence[Example]) -> WildscribeError:
    """The error of a step whose loss or gradient is no number."""
    named = ", ".join(clip.source or str(clip.audio) for clip in clips[:3])
    return LossNotFiniteError(
        f"At step {step} the loss is {loss} and the gradient's norm {norm}.",
        "The last complete checkpoint, from before, is kept.",
        "Lower the learning rates in the run's config.toml, then resume. If it happens again, "
        f"listen to the {len(clips)} clips of this step ({named} ...), and begin a new run without "
        "those that are damaged.",
    )


def rate_factor(step: int, steps: int, warm_up_steps: int) -> float:
    """Share of the full learning rate at a step, counted from 0; in [0, 1]."""
    if step < warm_up_steps:
        return (step + 1) / (warm_up_steps + 1)
    return (steps - step) / max(1, steps - warm_up_steps)


class Watch(TrainerCallback):  # type: ignore[misc]
    """Decides after each step what is saved, and whether it goes on."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.command = Command.GO_ON

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.command = self._context.command()
        done = state.global_step == state.max_steps
        every = self._context.run.config.checkpoints
        stopping = self.command is not Command.GO_ON
        control.should_log = True
        control.should_training_stop = stopping or done
        control.should_save = stopping or done or state.global_step % every.every_steps == 0
        often = every.held_out_every_steps
        control.should_evaluate = bool(often) and not done and state.global_step % often == 0


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Around code that writes tensors: torch says of a full disk only that writing failed.

    Raises:
        StorageError: something could not be written; a `DiskFullError` when the disk is full.
    """
    try:
        yield
    except OSError as error:
        raise storage_error(error) from error
    except (RuntimeError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise
        full = shutil.disk_usage(folder).free < _FULL_BYTES
        raise (DiskFullError if full else StorageError)(
            f"A checkpoint could not be written to {folder}: {error}.",
            "The last complete checkpoint is kept.",
            "Make room on the disk and resume the run.",
        ) from error
