"""What is assumed of TRL's inside: a new minor version has to pass this before it is let in."""

import inspect
from dataclasses import fields

import pytest

from training.rl.errors import MissingTrlError

pytest.importorskip("trl", reason="reinforcement learning needs the extra 'rl' (TRL)")

from training.rl.trl_api import MINOR, GRPOConfig, GRPOTrainer, check

SIGNATURES = {
    "_generate_and_score_completions": ["self", "inputs"],
    "_tokenize_prompts": ["self", "prompts"],
    "_prepare_inputs": ["self", "generation_batch"],
    "_compute_loss": ["self", "model", "inputs"],
    "_send_telemetry": ["self"],
    "_save_checkpoint": ["self", "model", "trial"],
    "_load_from_checkpoint": ["self", "resume_from_checkpoint", "model"],
    "_save_rng_state": ["self", "output_dir"],
    "_save_optimizer_and_scheduler": ["self", "output_dir"],
    "_save_scaler": ["self", "output_dir"],
    "log": ["self", "logs", "start_time"],
}
"""Methods that are overridden, or called from an override."""

SETTINGS = frozenset(
    {
        "loss_type", "beta", "epsilon", "epsilon_high", "num_generations", "num_iterations",
        "scale_rewards", "importance_sampling_level", "mask_truncated_completions",
        "disable_dropout", "temperature", "shuffle_dataset", "steps_per_generation",
    }
)  # fmt: skip


@pytest.mark.parametrize(("method", "parameters"), SIGNATURES.items())
def test_methods_take_what_they_took(method: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(GRPOTrainer, method)).parameters) == parameters


def test_log_probabilities_are_asked_for_as_they_were() -> None:
    found = inspect.signature(GRPOTrainer._get_per_token_logps_and_entropies).parameters
    assert list(found)[:7] == [
        "self", "model", "input_ids", "attention_mask", "logits_to_keep", "batch_size",
        "compute_entropy",
    ]  # fmt: skip


def test_settings_are_there() -> None:
    assert {field.name for field in fields(GRPOConfig)} >= SETTINGS


def test_the_source_still_does_what_the_overrides_rely_on() -> None:
    """Wiring that no signature shows; the rest is seen by the runs on mini."""
    init = inspect.getsource(GRPOTrainer.__init__)
    turning = inspect.getsource(GRPOTrainer._generate)
    stepping = inspect.getsource(GRPOTrainer.training_step)
    rewarding = inspect.getsource(GRPOTrainer._calculate_rewards)
    whole = inspect.getsource(GRPOTrainer._generate_and_score_completions)
    loss = inspect.getsource(GRPOTrainer._compute_loss)
    assert "self.eos_token_ids = eos_token_ids" in init  # tell whether a rollout ended
    assert "completion_ids, logprobs = self._generate_single_turn(" in turning
    assert "self._step += 1" in stepping  # tells which part of a step is next
    assert "completion_ids=completion_ids_list, **reward_kwargs" in rewarding
    assert "self._generate(prompts)" in whole
    assert '"num_items_in_batch": num_items_in_batch' in whole
    assert 'inputs["num_items_in_batch"]' in loss
    assert 'inputs.get("old_per_token_logps")' in loss
    # The output layer folds scores as they come; what it gives goes by these names.
    scoring = inspect.getsource(GRPOTrainer._get_per_token_logps_and_entropies)
    assert "labels=labels, fused_lm_head=True" in scoring
    assert "outputs.log_probs" in scoring
    assert "outputs.entropy" in scoring
    for metric in ("entropy", "clip_ratio/low_mean", "clip_ratio/high_mean"):
        assert f'self._metrics[mode]["{metric}"]' in loss


@pytest.mark.parametrize("installed", [None, "1.15.3", "1.17.0", "2.16.0"])
def test_any_other_minor_version_is_refused_with_what_to_install(installed: str | None) -> None:
    with pytest.raises(MissingTrlError) as refused:
        check(installed)
    assert "wildscribe[rl]" in refused.value.remedy
    assert (installed or "not installed") in refused.value.what


def test_patch_versions_are_welcome() -> None:
    check(f"{MINOR}.9")
