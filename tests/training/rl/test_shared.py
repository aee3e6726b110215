"""Rollouts that share a prompt: the same probabilities and gradients as rows of their own."""

import itertools
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from torch import Tensor
from transformers import GenerationConfig, Qwen3ASRProcessor

from engine.checkpoint import locate
from engine.checkpoint.base import load_base
from engine.recognizer import Clip
from engine.recognizer.inputs import make_batch
from training.finetune.config import AdapterConfig
from training.finetune.lora import train_only, with_adapter
from training.finetune.scopes import Scope
from training.rl.shared import UNSCORED, Packed, packed, sample

Model = tuple[PeftModel, Qwen3ASRProcessor]

ROLLOUTS = 3
SECONDS = (0.9, 1.6)


@pytest.fixture(scope="module")
def model(mini: Path) -> Model:
    torch.manual_seed(3)
    base, processor = load_base(locate(mini), "cpu", torch.float32)
    adapted = with_adapter(base, AdapterConfig(dropout=0.0), None)
    train_only(adapted, set(Scope))
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:  # a fresh one adds nothing, and A would get no gradient
            torch.nn.init.normal_(parameter, std=0.02)
    return adapted, processor


@pytest.fixture(scope="module")
def prompts(model: Model) -> dict[str, Tensor]:
    """Two clips of different lengths, so that there is padding of prompt and audio."""
    random = torch.Generator().manual_seed(5)
    clips = [
        Clip(0.1 * torch.randn(int(16_000 * s), generator=random).numpy(), context=context)
        for s, context in zip(SECONDS, ("the kettle", ""), strict=True)
    ]
    return make_batch(model[1], clips, torch.float32, torch.device("cpu")).tensors


def answers() -> tuple[Tensor, Tensor]:
    """Tokens and mask of six answers of 2 to 7 tokens."""
    torch.manual_seed(11)
    ids = torch.randint(5, 900, (len(SECONDS) * ROLLOUTS, 7))
    lengths = torch.tensor([7, 2, 5, 3, 7, 6])
    return ids, (torch.arange(7) < lengths[:, None]).long()


def whole(prompts: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    ids, mask = answers()
    many = {name: prompts[name].repeat_interleave(ROLLOUTS, dim=0) for name in prompts}
    return torch.cat([many["input_ids"], ids], 1), torch.cat([many["attention_mask"], mask], 1)


def side_by_side(prompts: dict[str, Tensor]) -> Packed:
    return packed(*whole(prompts), answer=7, clips=len(SECONDS), dtype=torch.float32)


def straight(model: PeftModel, prompts: dict[str, Tensor]) -> Tensor:
    """Log-probabilities with a prompt and its audio in every row."""
    ids, mask = whole(prompts)
    features = {n: prompts[n].repeat_interleave(ROLLOUTS, dim=0) for n in prompts if "feat" in n}
    scores = model(
        input_ids=ids, attention_mask=mask, position_ids=(mask.cumsum(1) - 1).clamp(min=0),
        use_cache=False, **features,
    ).logits  # fmt: skip
    likely = scores.log_softmax(-1)[:, :-1].gather(-1, ids[:, 1:, None])[..., 0]
    return likely[:, -7:] * answers()[1]


def shared(model: PeftModel, prompts: dict[str, Tensor]) -> Tensor:
    beside = side_by_side(prompts)
    labels = beside.tensors["labels"]
    features = {name: prompts[name] for name in prompts if "feat" in name}
    given = {name: tensor for name, tensor in beside.tensors.items() if name != "labels"}
    scores = model(**given, use_cache=False, **features).logits
    wanted = labels[:, 1:].clamp(min=0)[..., None]
    likely = scores.log_softmax(-1)[:, :-1].gather(-1, wanted)[..., 0]
    return beside.unpacked(likely.masked_fill(labels[:, 1:] == UNSCORED, 0.0))


def test_probabilities_and_gradients_are_those_of_rows_of_their_own(
    model: Model, prompts: dict[str, Tensor]
) -> None:
    adapted, _ = model
    weights = torch.linspace(-1.0, 1.0, len(SECONDS) * ROLLOUTS)[:, None]
    found: list[tuple[Tensor, dict[str, Tensor]]] = []
    for form in (straight, shared):
        likely = form(adapted, prompts)
        (likely * weights).sum().backward()
        gradients = {n: p.grad.clone() for n, p in adapted.named_parameters() if p.grad is not None}
        adapted.zero_grad()
        found.append((likely.detach(), gradients))
    (likely, gradients), (ours, our_gradients) = found
    assert likely.abs().max() > 1
    assert torch.allclose(likely, ours, atol=2e-4)
    assert gradients.keys() == our_gradients.keys()
    assert any("audio_tower" in name and g.abs().max() > 0 for name, g in gradients.items())
    for name, gradient in gradients.items():
        scale = float(gradient.abs().max())
        assert torch.allclose(gradient, our_gradients[name], rtol=1e-3, atol=2e-4 * scale), name


def test_a_rollout_sees_its_prompt_and_itself_alone(prompts: dict[str, Tensor]) -> None:
    beside = side_by_side(prompts)
    sees = beside.tensors["attention_mask"][:, 0] == 0
    start = beside.prompt
    padding = int((prompts["attention_mask"][0] == 0).sum())
    assert padding > 0
    for rollout, other in itertools.permutations(range(ROLLOUTS), 2):
        own = slice(start + 8 * rollout, start + 8 * (rollout + 1))
        theirs = slice(start + 8 * other, start + 8 * (other + 1))
        assert not sees[:, own, theirs].any()
        assert sees[0, own, padding:start].all()
        assert not sees[0, own, :padding].any()
    assert not sees.triu(1).any()


def test_a_repeated_prompt_is_answered_as_a_computed_one(
    model: Model, prompts: dict[str, Tensor]
) -> None:
    adapted, processor = model
    base = adapted.get_base_model()
    settings = GenerationConfig(
        do_sample=False, max_new_tokens=6, min_new_tokens=6, eos_token_id=[1021], pad_token_id=0,
        suppress_tokens=[processor.audio_token_id],
    )  # fmt: skip
    ours = sample(base, prompts, ROLLOUTS, settings)
    with torch.no_grad():
        alone = base.generate(**prompts, generation_config=settings)
    expected = alone[:, prompts["input_ids"].shape[1] :].repeat_interleave(ROLLOUTS, dim=0)
    assert torch.equal(ours, expected)
