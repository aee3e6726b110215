"""The trainer on mini: a loss by hand, dynamic sampling, what learns, and going on."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from training.data import Example
from training.finetune.config import RunConfig
from training.finetune.context import Context
from training.finetune.events import Event, HeldOutScored
from training.finetune.prepare import Clips, prepared
from training.finetune.run import Command, Run, Status
from training.finetune.runner import train as train_run
from training.finetune.trainee import Trainee, load_trainee
from training.reward import Reward, rewards
from training.rl.events import BestKept, RlStepDone, RolloutHeard, StoppedEarly
from training.rl.rollouts import Judge, Rollout, Verdict

pytest.importorskip("trl", reason="reinforcement learning needs the extra 'rl' (TRL)")

from training.rl import groups, stage
from training.rl.journal import Journal
from training.rl.trainer import DapoTrainer

WEIGHTS = "adapter_model.safetensors"


def as_told(*totals: float) -> Judge:
    """Gives the rollouts of every clip these rewards, whatever they say."""

    def judge(clip: Example, rollouts: Sequence[Rollout]) -> list[Verdict]:
        found: list[Reward] = rewards(clip.text, [rollout.text for rollout in rollouts])
        return [Verdict(total, 0.0, r) for total, r in zip(totals, found, strict=True)]

    return judge


def per_clip(table: dict[str, tuple[float, ...]]) -> Judge:
    """Rewards by what is said in a clip."""
    return lambda clip, rollouts: as_told(*table[clip.text])(clip, rollouts)


def made(run: Run, judge: Judge) -> tuple[DapoTrainer, Trainee, Clips]:
    context = Context(run, "rl")
    trainee = load_trainee(run, "rl")
    clips = prepared(run, context)
    journal = Journal(context, trainee, run.config.rl, clips.held_out)
    watch = stage.Watch(context)
    trainer = stage.make_trainer(run, context, trainee, clips, judge, journal, watch)
    return trainer, trainee, clips


def sampled(trainer: DapoTrainer) -> dict[str, Tensor]:
    torch.manual_seed(0)
    trainer.model.train()
    batch: dict[str, Tensor] = trainer._generate_and_score_completions([])
    return batch


def shorten_first(batch: dict[str, Tensor]) -> Tensor:
    """Leaves three tokens of the first rollout, so that lengths differ; returns all lengths."""
    batch["completion_mask"][0, 3:] = 0
    batch["num_items_in_batch"] = batch["completion_mask"].sum()
    return batch["completion_mask"].sum(dim=1)


def with_rl(config: RunConfig, **changes: Any) -> RunConfig:
    return replace(config, rl=replace(config.rl, **changes))


def test_reward_becomes_advantage_becomes_loss_as_by_hand(
    config: RunConfig, tmp_path: Path
) -> None:
    """Rewards 1, 0, 0, 0: mean 1/4, standard deviation 1/2, advantages 1.5 and -0.5.

    On the policy itself the ratio is 1, so the loss is -sum(A_i |o_i|) / sum(|o_i|). Against
    probabilities lower by log 2 the ratio is 2: clipped to 1.28 where A > 0, not where A < 0.
    Against higher ones it is 1/2: clipped to 0.8 where A < 0, not where A > 0. There is no KL term,
    nor anything to compute one against.
    """
    trainer, trainee, _ = made(Run.create(tmp_path / "run", config), as_told(1.0, 0.0, 0.0, 0.0))
    batch = sampled(trainer)
    assert set(batch) == {
        "prompt_ids", "prompt_mask", "completion_ids", "completion_mask", "advantages",
        "num_items_in_batch", "input_features", "input_features_mask",
    }  # fmt: skip
    scale = 1.0 / (0.5 + 1e-4)
    advantages = torch.tensor([0.75, -0.25, -0.25, -0.25]) * scale
    assert batch["advantages"] == pytest.approx(advantages.tolist(), rel=1e-5)
    lengths = shorten_first(batch)
    assert lengths[0] < lengths[1]
    trainer.current_gradient_accumulation_steps = trainer.args.steps_per_generation
    by_hand = -(advantages * lengths).sum() / lengths.sum()
    loss = trainer._compute_loss(trainer.model, batch)
    assert loss.item() == pytest.approx(by_hand.item(), rel=1e-4, abs=1e-6)

    trainee.model.zero_grad()
    loss.backward()
    towers = {
        n for n, p in trainee.model.named_parameters() if "audio_tower" in n and "lora_B" in n
    }
    assert len(towers) > 0
    parameters = dict(trainee.model.named_parameters())
    for name in towers:
        gradient = parameters[name].grad
        assert gradient is not None, name
        assert gradient.abs().max() > 0, name
    assert all(p.grad is None for n, p in parameters.items() if "lora_" not in n)

    with torch.no_grad():
        now, entropy, _ = trainer._get_per_token_logps_and_entropies(
            trainer.model,
            torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1),
            torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1),
            batch["completion_ids"].shape[1],
            compute_entropy=True,
        )
        assert entropy is not None
        assert (entropy[batch["completion_mask"].bool()] >= 0).all()
        for shift, above, below in ((-math.log(2.0), 1.28, 2.0), (math.log(2.0), 0.5, 0.8)):
            old = batch | {"old_per_token_logps": now + shift}
            clipped = torch.where(advantages > 0, above, below) * advantages
            by_hand = -(clipped * lengths).sum() / lengths.sum()
            loss = trainer._compute_loss(trainer.model, old)
            assert loss.item() == pytest.approx(by_hand.item(), rel=1e-4, abs=1e-6)
    assert trainer.beta == 0.0
    assert trainer.ref_model is None
    assert list(trainee.model.peft_config) == ["robust"]


def test_activations_may_be_computed_twice_and_lead_through_no_frozen_convolution(
    config: RunConfig, tmp_path: Path
) -> None:
    found: dict[bool, dict[str, Tensor]] = {}
    for twice in (False, True):
        asked = replace(config, batch=replace(config.batch, gradient_checkpointing=twice))
        run = Run.create(tmp_path / str(twice), asked)
        trainer, trainee, _ = made(run, as_told(1.0, 0.0, 0.0, 0.0))
        batch = sampled(trainer)
        assert trainee.base.is_activation_checkpointing is twice
        leads_on: list[bool] = []
        trainee.base.model.audio_tower.conv2d3.register_forward_hook(
            lambda module, inputs, output, seen=leads_on: seen.append(output.requires_grad)
        )
        trainer.current_gradient_accumulation_steps = trainer.args.steps_per_generation
        trainer._compute_loss(trainer.model, batch).backward()
        assert set(leads_on) == {False}
        found[twice] = {
            name: p.grad for name, p in trainee.model.named_parameters() if p.grad is not None
        }
    assert found[False].keys() == found[True].keys()
    for name, gradient in found[False].items():
        assert torch.allclose(gradient, found[True][name], rtol=1e-4, atol=1e-7), name


def test_probabilities_are_those_of_sampling_whoever_else_is_in_the_batch(
    config: RunConfig, tmp_path: Path
) -> None:
    """A clip alone, and beside a longer one: no leak through padding of audio or prompt."""
    run = Run.create(tmp_path / "run", with_rl(config, clips_per_step=2))
    trainer, _, _ = made(run, as_told(1.0, 0.0, 0.0, 0.0))
    batch = sampled(trainer)

    def likely(rows: slice) -> Tensor:
        part = groups.rows(batch, rows.start, rows.stop)
        trainer._features = {n: part[n] for n in groups.FEATURES}
        with torch.no_grad():
            found, _, _ = trainer._get_per_token_logps_and_entropies(
                trainer.model,
                torch.cat([part["prompt_ids"], part["completion_ids"]], dim=1),
                torch.cat([part["prompt_mask"], part["completion_mask"]], dim=1),
                part["completion_ids"].shape[1],
            )
        return found * part["completion_mask"]

    together = likely(slice(0, 8))
    apart = torch.cat([likely(slice(n, n + 1)) for n in range(8)])
    assert torch.allclose(together, apart, atol=1e-4)


def test_groups_without_signal_are_drawn_anew_and_never_counted(
    config: RunConfig, tmp_path: Path
) -> None:
    told = {
        "the kettle is on": (0.5, 0.5, 0.5, 0.5),
        "good morning": (1.0, 0.0, 0.0, 0.0),
        "we meet at nine": (0.5, 0.5, 0.5, 0.5),
    }
    run = Run.create(tmp_path / "run", with_rl(config, most_refills=2, clips_per_step=2))
    trainer, _, _ = made(run, per_clip(told))
    batch = sampled(trainer)
    assert trainer._refills in (1, 2)
    texts = [group.clip.text for group in trainer._sampled]
    found = texts.count("good morning")
    counted = batch["completion_mask"].sum(dim=1)
    assert len(counted) == 8
    learnt = min(found, 2)
    assert (counted[: 4 * learnt] > 0).all()
    assert (counted[4 * learnt :] == 0).all()
    assert batch["num_items_in_batch"] == counted.sum()
    # What is left of the step is a mean over its own tokens, not diluted by the silent rows.
    counted = shorten_first(batch)
    trainer.current_gradient_accumulation_steps = trainer.args.steps_per_generation
    loss = trainer._compute_loss(trainer.model, batch)
    by_hand = -(batch["advantages"] * counted).sum() / counted.sum()
    assert loss.item() == pytest.approx(by_hand.item(), rel=1e-4, abs=1e-6)


def test_a_step_without_any_signal_changes_no_gradient(config: RunConfig, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", with_rl(config, rollouts=3))
    trainer, trainee, _ = made(run, as_told(*[0.5] * 3))
    batch = sampled(trainer)
    assert len(batch["completion_ids"]) == 3
    assert [group.has_signal for group in trainer._sampled] == [False, False]
    trainer.current_gradient_accumulation_steps = trainer.args.steps_per_generation
    trainer._compute_loss(trainer.model, batch).backward()
    gradients = [p.grad for p in trainee.model.parameters() if p.grad is not None]
    assert gradients
    assert all((g == 0).all() for g in gradients)


def weights(run: Run) -> dict[str, Tensor]:
    return load_file(run.adapter("rl") / WEIGHTS)


def trained(run: Run, judge: Judge) -> tuple[Status, list[Event]]:
    events: list[Event] = []
    state = train_run(run, events.append, find=lambda _: lambda r, c: stage.train(r, c, judge))
    return state.status, events


VARIED = as_told(1.0, 0.4, 0.1, 0.0)


def test_two_steps_change_the_adapter_alone_and_go_on_where_they_were(
    config: RunConfig, tmp_path: Path, mini: Path
) -> None:
    before = {p: p.read_bytes() for p in mini.rglob("*.safetensors")}
    held_out_later = with_rl(config, held_out_every_steps=9)
    whole = Run.create(tmp_path / "whole", held_out_later)
    status, events = trained(whole, VARIED)
    assert status is Status.FINISHED
    assert {p: p.read_bytes() for p in before} == before

    steps = [event for event in events if isinstance(event, RlStepDone)]
    assert [step.step for step in steps] == [1, 2]
    for step in steps:
        assert (step.reward, step.skipped_share, step.groups) == (pytest.approx(0.375), 0.0, 1)
        assert step.gradient_norm > 0
        assert 0 <= step.entropy < math.inf
        assert step.terms.keys() >= {"r_wer", "r_rep", "r_static", "r_fine", "r_struc", "overlong"}
    assert list(map(type, whole.samples())).count(RolloutHeard) == 4

    paused = Run.create(tmp_path / "paused", held_out_later)

    def pausing(clip: Example, rollouts: Sequence[Rollout]) -> Sequence[Verdict]:
        paused.request(Command.PAUSE)
        return VARIED(clip, rollouts)

    status, _ = trained(paused, pausing)
    assert status is Status.PAUSED
    status, events = trained(paused, VARIED)
    assert status is Status.FINISHED
    assert [e.step for e in events if isinstance(e, RlStepDone)] == [2]
    last = [load_file(r.checkpoints("rl") / "step-2" / WEIGHTS) for r in (whole, paused)]
    assert [name for name in last[0] if not torch.equal(last[0][name], last[1][name])] == []
    assert all("lora_" in name for name in last[0])
    assert any(t.abs().max() > 0 for name, t in last[0].items() if "lora_B" in name)


def test_the_best_adapter_on_held_out_clips_is_kept_and_patience_ends_it(
    config: RunConfig, tmp_path: Path
) -> None:
    """Noise is never heard better than at the start, so step 0 stays the best, or ties it."""
    patient = with_rl(config, held_out_every_steps=1, patience=1, steps=9, rate=1e-9)
    run = Run.create(tmp_path / "run", patient)
    status, events = trained(run, VARIED)
    assert status is Status.FINISHED
    wers = [event.wer for event in events if isinstance(event, HeldOutScored)]
    kept = [event for event in events if isinstance(event, BestKept)]
    (ended,) = [event for event in events if isinstance(event, StoppedEarly)]
    assert (ended.step, ended.best_step, ended.best_wer) == (1, 0, wers[0])
    assert [best.step for best in kept] == [0]
    assert all((t == 0).all() for name, t in weights(run).items() if "lora_B" in name)


def test_it_refuses_several_processes(config: RunConfig, tmp_path: Path) -> None:
    from training.finetune.errors import RunError

    run = Run.create(tmp_path / "run", config)
    with pytest.raises(RunError, match="one process"):
        stage.train(run, Context(run, "rl", rank=0, processes=2))


def test_two_updates_on_the_same_rollouts_use_the_first_ones_probabilities(
    config: RunConfig, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run", with_rl(config, updates_per_rollout=2))
    events: list[Event] = []
    assert train_run(run, events.append).status is Status.FINISHED  # the stage by name, its reward
    steps = [event for event in events if isinstance(event, RlStepDone)]
    assert steps[0].terms == steps[1].terms
    assert [p.name for p in run.checkpoints("rl").glob("step-*")] == ["step-2"]
