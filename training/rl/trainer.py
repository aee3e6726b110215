"""TRL's GRPO trainer, made to hear: audio prompts, and groups without signal drawn anew.

What is TRL's: advantages ((r - mean) / (std + 1e-4) inside a group), the clipped ratio, the
token-level loss over the whole batch ("dapo"). Its private methods that are touched, each with
its reason, are held by tests/training/rl/test_trl_contract.py.
"""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor, nn
from transformers import GenerationConfig

from engine.audio import load
from engine.recognizer import Clip
from engine.recognizer.inputs import make_batch
from training.data import Example
from training.finetune.rl_config import RlConfig
from training.finetune.sft import checkpoint_activations
from training.finetune.trainee import Trainee
from training.finetune.trainer import not_finite, set_rates
from training.rl.groups import FEATURES, Batch, joined, muted, parts, rows
from training.rl.journal import Journal, StepFigures
from training.rl.order import Order
from training.rl.rollouts import Group, Judge, Rollout, budget, words
from training.rl.shared import packed, sample
from training.rl.tally import tally
from training.rl.trl_api import GRPOTrainer, former_names


class DapoTrainer(GRPOTrainer):  # type: ignore[misc]
    """Learns from groups of rollouts whose rewards differ.

    Args:
        trainee: the model; exactly what learns requires a gradient.
        arguments: see `training.rl.stage`.
        config: of the stage.
        order: the clips.
        judge: rewards the rollouts of one clip.
        journal: told of every step; keeps checkpoints and the best adapter.
        callbacks: of transformers.
        rollouts_at_once: rollouts in memory while sampling.
    """

    def __init__(
        self,
        trainee: Trainee,
        arguments: Any,
        config: RlConfig,
        order: Order,
        judge: Judge,
        journal: Journal,
        callbacks: Sequence[Any] = (),
        *,
        rollouts_at_once: int = 64,
    ) -> None:
        self.lr_scheduler: torch.optim.lr_scheduler.LRScheduler | None = None
        self._trainee = trainee
        self._rl = config
        self._order = order
        self._judge = judge
        self._journal = journal
        self._clips_at_once = config.sampled_at_once(rollouts_at_once)
        self._asked: list[Example] = []
        self._groups: list[Group] = []
        self._sampled: list[Group] = []
        self._refills = 0
        self._learnt_tokens = 0
        self._prompts: Batch = {}
        self._features: Batch = {}
        self._parts: list[Batch] = []
        self._counted: list[int] = []
        self._since = time.monotonic()
        count = math.ceil(config.steps / config.updates_per_rollout) * config.clips_per_step
        super().__init__(
            model=trainee.model,
            reward_funcs=[self._reward],
            args=arguments,
            # Rows without content: clips come from the order, since how many a step uses is not
            # known before they are rewarded.
            train_dataset=Dataset.from_dict({"prompt": [""] * count}),
            # Not the processor: TRL would take the model for one that sees images.
            processing_class=trainee.processor.tokenizer,
            callbacks=list(callbacks),
        )

    def _send_telemetry(self) -> None:
        """TRL reports every training to its makers; nobody has agreed to that here."""

    @former_names()
    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> Batch:
        """Samples until there are enough groups with a signal, or refills have run out.

        Dynamic sampling is this method, TRL has none: it would let groups of advantage 0 through,
        and count their tokens in the divisor of the loss. What is still missing at the end is
        filled with rows that do not count, because TRL cuts a batch into equal parts.
        """
        with self._activations_not_computed_twice():
            return self._sampled_batch()

    @contextmanager
    def _activations_not_computed_twice(self) -> Iterator[None]:
        """Around sampling: nothing is learnt there, and it needs the cache, which would be off.

        TRL would do that itself, and put back a form of it that leads through the convolutions.
        """
        base = self._trainee.base
        again = base.is_activation_checkpointing
        base.activation_checkpointing_disable()
        yield
        if again:
            checkpoint_activations(self._trainee)

    def _sampled_batch(self) -> Batch:
        wanted = self._rl.clips_per_step
        kept: list[Batch] = []
        silent: list[Batch] = []
        self._sampled = []
        for refill in range(1 + self._rl.most_refills):
            self._refills = refill
            clips = self._order.take(wanted - len(kept))
            for at in range(0, len(clips), self._clips_at_once):
                for group, batch in self._rolled_out(clips[at : at + self._clips_at_once]):
                    self._sampled.append(group)
                    (kept if group.has_signal else silent).append(batch)
            if len(kept) == wanted:
                break
        self._journal.position = self._order.position
        empty = [muted(batch) for batch in silent[: wanted - len(kept)]]
        whole = joined(kept + empty, self._trainee.processor.tokenizer.pad_token_id)
        self._learnt_tokens = int(whole["num_items_in_batch"])
        return whole

    def _rolled_out(self, clips: Sequence[Example]) -> Iterator[tuple[Group, Batch]]:
        count = self._rl.rollouts
        self._asked, self._groups = list(clips), []
        prompts = [{"prompt": "", "clip": clip} for clip in clips for _ in range(count)]
        batch = super()._generate_and_score_completions(prompts) | self._features
        for number, group in enumerate(self._groups):
            yield group, rows(batch, number * count, (number + 1) * count)

    def _tokenize_prompts(self, prompts: list[str]) -> tuple[list[list[int]], None, Batch]:
        """The prompts of inference, once a rollout; TRL knows text and images, so the audio goes
        around it."""
        clips = [Clip(load(clip.audio), context=clip.prompt) for clip in self._asked]
        base = self._trainee.base
        self._prompts = make_batch(self._trainee.processor, clips, base.dtype, base.device).tensors
        self._features = {name: self._prompts[name] for name in FEATURES}
        pairs = zip(self._prompts["input_ids"], self._prompts["attention_mask"].bool(), strict=True)
        each = [ids[mask].tolist() for ids, mask in pairs]
        return [ids for ids in each for _ in range(self._rl.rollouts)], None, {}

    def _generate_single_turn(self, *_: Any, **__: Any) -> tuple[list[list[int]], None]:
        """Samples with every prompt computed once; TRL would do so once a rollout."""
        settings = GenerationConfig(
            max_new_tokens=max(budget(clip, self._rl.most_tokens) for clip in self._asked),
            do_sample=True,
            temperature=self._rl.temperature,
            top_p=1.0,
            top_k=0,
            suppress_tokens=[self._trainee.processor.audio_token_id],
            eos_token_id=self.eos_token_ids,
            pad_token_id=self._trainee.processor.tokenizer.pad_token_id,
        )
        written = sample(self._trainee.base, self._prompts, self._rl.rollouts, settings)
        ends = torch.isin(written, torch.tensor(self.eos_token_ids, device=written.device)).int()
        counted = ends.cumsum(dim=1) - ends == 0  # up to the first end mark
        return [row[own].tolist() for row, own in zip(written, counted, strict=True)], None

    def _prepare_inputs(self, _: Any) -> Batch:
        """The next part of a step; TRL would shuffle rollouts over the parts, and here those of a
        clip stay together, for they share its prompt."""
        count = self.args.steps_per_generation
        if self._step % (count * self.num_iterations) == 0:
            self._parts = parts(self._generate_and_score_completions([]), count)
        part: Batch = self._parts[self._step % count]
        return part

    def _reward(
        self,
        prompts: Sequence[str],
        completions: Sequence[str],
        completion_ids: Sequence[Sequence[int]],
        clip: Sequence[Example],
        **_: Any,
    ) -> list[float]:
        """TRL's reward function: all rollouts of some clips, group behind group."""
        heard = [
            Rollout(words(text), len(ids), ids[-1] in self.eos_token_ids)
            for text, ids in zip(completions, completion_ids, strict=True)
        ]
        for at in range(0, len(heard), self._rl.rollouts):
            group = tuple(heard[at : at + self._rl.rollouts])
            self._groups.append(Group(clip[at], group, tuple(self._judge(clip[at], group))))
        return [verdict.total for group in self._groups for verdict in group.verdicts]

    def _compute_loss(self, model: nn.Module, inputs: Batch) -> Tensor:
        """TRL's loss; it hands on what it knows of, so the audio goes around it."""
        counted = int(inputs["completion_mask"].sum())
        if not counted:  # groups without a signal: all of it would be computed for nothing
            learning = [p.sum() for p in self._trainee.model.parameters() if p.requires_grad]
            return torch.stack(learning).sum() * 0.0
        self._counted.append(counted)
        self._features = {name: inputs[name] for name in FEATURES}
        loss: Tensor = super()._compute_loss(model, inputs)
        return loss

    def _get_per_token_logps_and_entropies(
        self,
        model: nn.Module,
        input_ids: Tensor,
        attention_mask: Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,
        **_: Any,
    ) -> tuple[Tensor, Tensor | None, None]:
        """Log-probabilities of the rollouts' tokens, given the audio.

        TRL's own would leave out the audio, and the positions, which generation counts from the
        first token that is no padding.
        """
        whole = {"input_ids": input_ids, "attention_mask": attention_mask, **self._features}
        size = batch_size or len(input_ids)
        found = []
        for at in range(0, len(input_ids), size):
            part = rows(whole, at, min(at + size, len(input_ids)))
            audio = {name: part[name] for name in FEATURES}
            ids, mask, clips = part["input_ids"], part["attention_mask"], len(audio[FEATURES[0]])
            with self.accelerator.autocast():
                beside = packed(ids, mask, logits_to_keep, clips, self._computes_in())
                output = model(**beside.tensors, **audio, fused_lm_head=True)
            found.append(
                torch.stack([beside.unpacked(s) for s in (output.log_probs, output.entropy)])
            )
        likely, entropies = torch.cat(found, dim=1)
        return likely, entropies if compute_entropy else None, None

    def _computes_in(self) -> torch.dtype:
        base = self._trainee.base
        half: torch.dtype = torch.get_autocast_dtype(base.device.type)
        return half if torch.is_autocast_enabled(base.device.type) else base.dtype

    def create_scheduler(
        self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None
    ) -> torch.optim.lr_scheduler.LRScheduler:
        """Linear up, without a step at rate 0, then constant."""
        if self.lr_scheduler is None:
            warm = self.args.get_warmup_steps(num_training_steps)
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
                optimizer or self.optimizer, lambda step: min(1.0, (step + 1) / (warm + 1))
            )
            self._created_lr_scheduler = True
        return self.lr_scheduler

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Tells of a step; a loss or gradient that is no number ends the training here, before
        anything is saved.

        Raises:
            LossNotFiniteError: it is not finite.
        """
        if "loss" not in logs:
            return
        now = time.monotonic()
        figures = StepFigures(
            step=self.state.global_step,
            steps=self.state.max_steps,
            loss=logs["loss"],
            rate=logs["learning_rate"],
            gradient_norm=logs["grad_norm"],
            tokens=self._learnt_tokens,
            wall_s=now - self._since,
            entropy=self._mean("entropy"),
            clipped_low=self._mean("clip_ratio/low_mean"),
            clipped_high=self._mean("clip_ratio/high_mean"),
        )
        self._metrics["train"].clear()
        self._counted.clear()
        self._since = now
        self._journal.stepped(figures, tally(self._sampled, self._refills), self._sampled)
        skipped = self.accelerator.optimizer_step_was_skipped  # float16: see `SftTrainer.log`
        if not math.isfinite(figures.loss) or not (math.isfinite(figures.gradient_norm) or skipped):
            clips = [group.clip for group in self._sampled]
            raise not_finite(figures.step, figures.loss, figures.gradient_norm, clips)

    def _mean(self, metric: str) -> float:
        """Over the tokens of a step, from TRL's means over those of its parts; NaN for none."""
        values = self._metrics["train"][metric]
        total = sum(n * value for n, value in zip(self._counted, values, strict=True))
        return total / sum(self._counted) if self._counted else math.nan

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Hears held-out clips; when they have not been heard better for long, it ends here."""
        self.control.should_evaluate = False  # else the end of the epoch asks once more
        if self._journal.measured(self.state.global_step):
            self.control.should_training_stop = True
        self._since = time.monotonic()
        return {}

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Everything needed to go on, under the run's own names; TRL would add a model card."""
        with self._journal.checkpoint(self.state.global_step) as folder:
            self._save_rng_state(str(folder))
            self._save_optimizer_and_scheduler(str(folder))
            self._save_scaler(str(folder))
            self.state.save_to_json(str(folder / "trainer_state.json"))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        """The moments of the checkpoint, and the rate that the run asks for now."""
        super()._load_optimizer_and_scheduler(checkpoint)
        assert self.optimizer is not None
        rates = [self._rl.rate] * len(self.optimizer.param_groups)
        set_rates(self.optimizer, self.lr_scheduler, rates)

    def _load_from_checkpoint(
        self, resume_from_checkpoint: str, model: nn.Module | None = None
    ) -> None:
        """The weights are in place already: the stage wants them also where no step is left."""
