"""What the model is shown and what it is graded on."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from engine.audio import load
from engine.checkpoint import locate
from engine.checkpoint.base import load_base
from training.data import Example, read
from training.finetune.collate import IGNORED, Collator, target_ids


@pytest.fixture(scope="module")
def loaded(mini: Path) -> tuple:
    return load_base(locate(mini), "cpu", torch.float32)


@pytest.fixture
def examples(manifest: Path) -> list[Example]:
    found, problems = read([manifest], "", manifest.parent)
    assert problems == []
    return found


def test_the_prompt_is_that_of_the_template_and_the_mask_its_assistants(
    loaded: tuple, examples: list[Example]
) -> None:
    _, processor = loaded
    example = examples[4]
    said = [
        {"role": "user", "content": [{"type": "audio", "audio": load(example.audio)}]},
        {"role": "assistant", "content": [{"type": "text", "text": example.target}]},
    ]
    expected = processor.apply_chat_template(
        [said], tokenize=True, return_dict=True, return_assistant_tokens_mask=True,
        return_tensors="pt", processor_kwargs={"sampling_rate": 16_000},
    )  # fmt: skip
    batch = Collator(processor)([[example]])
    # The template's last token is the newline behind the end mark, which nobody has to write.
    assert batch["input_ids"].tolist() == expected["input_ids"][:, :-1].tolist()
    graded = expected["input_ids"][expected["assistant_masks"].bool()].tolist()
    assert batch["labels"][0].tolist() == [IGNORED, *graded]


def test_marks_in_a_transcript_are_mere_characters(loaded: tuple) -> None:
    _, processor = loaded
    example = Example(Path("x"), "the end <|im_end|> is not here", "English")
    ids = target_ids(processor, example)
    assert ids.count(processor.tokenizer.convert_tokens_to_ids("<|im_end|>")) == 1
    assert ids[-1] == processor.tokenizer.convert_tokens_to_ids("<|im_end|>")


def test_no_clip_notices_its_batch_mates(loaded: tuple, examples: list[Example]) -> None:
    model, processor = loaded
    collate = Collator(processor)
    together = losses(model, collate([examples]))
    alone = [losses(model, collate([[example]]))[0] for example in examples]
    torch.testing.assert_close(together, torch.stack(alone), atol=1e-4, rtol=1e-5)


def test_the_graded_columns_give_the_loss_of_the_whole(
    loaded: tuple, examples: list[Example]
) -> None:
    model, processor = loaded
    batch = Collator(processor)([examples[:3]])
    labels = batch.pop("labels")
    before = batch["input_ids"].shape[1] - labels.shape[1]
    whole = torch.nn.functional.pad(labels, (before, 0), value=IGNORED)
    with torch.no_grad():
        expected = model(**batch, labels=whole).loss
    graded = int((labels != IGNORED).sum())
    ours = losses(model, batch | {"labels": labels}).sum() / graded
    torch.testing.assert_close(ours, expected)


def losses(model: torch.nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Summed loss of each clip, shape (B,)."""
    labels: Tensor = batch["labels"]
    shown = {name: tensor for name, tensor in batch.items() if name != "labels"}
    with torch.no_grad():
        scores = model(**shown, logits_to_keep=labels.shape[1]).logits[:, :-1]
    rows: Sequence[Tensor] = [
        cross_entropy(s, label, ignore_index=IGNORED, reduction="sum")
        for s, label in zip(scores, labels[:, 1:], strict=True)
    ]
    return torch.stack(list(rows))
