"""A tiny model learns, resumes exactly, and its training pass is the stock model's."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.mini.corpora import tone_corpus
from training.mini.base import clean_batches, phone_ctc, text_loss
from training.mini.corpus import Corpus
from training.mini.examples import PHONES, Collator, Example, Mixture, Pools, joined_mel
from training.mini.features import floored
from training.mini.loop import Budget, Rate, Trainer
from training.mini.model import ModelSizes, PhoneHead, decode, encode, make_config, make_model
from training.mini.tokenizer import make_processor, train_tokenizer

SIZES = ModelSizes(
    width=32, encoder_layers=1, encoder_heads=2, encoder_feed_forward=64, convolution_channels=8,
    decoder_layers=1, decoder_heads=2, key_value_heads=1, head_dim=16, decoder_feed_forward=64,
)  # fmt: skip
STEPS = 16
MIXTURE = Mixture(joined_share=0.3, batch_s=24.0)
QUIET = Mixture(prompt_share=0.0)


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(["Cat.", "Sat.", "Task."] * 50)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return tone_corpus(tmp_path_factory.mktemp("corpus"))


def _train(corpus: Corpus, tokenizer, folder: Path, stop_at_step: int | None = None):
    """Model and losses after training; a second call with the same folder goes on."""
    model = make_model(make_config(SIZES, tokenizer), seed=1)
    head = PhoneHead(SIZES.width, len(PHONES))
    torch.nn.init.zeros_(head.linear.weight)
    torch.nn.init.zeros_(head.linear.bias)
    pools = Pools(corpus.split("train"), seed=1)
    losses = list[float]()

    def source(number: int, progress: float):
        return [(batch, MIXTURE) for batch in pools.batches(number, MIXTURE)]

    def loss(batch, moment):
        encoded = encode(model.model.audio_tower, batch.mels, batch.frames)
        logits, lengths = head(encoded, batch.tokens)
        text = text_loss(model, encoded, batch)
        losses.append(text.item())
        return {"text": text, "ctc": phone_ctc(logits, lengths, batch)}

    trainer = Trainer(
        "test", folder, {"model": model, "head": head}, seed=1,
        rate=Rate(5e-3, warm_up_steps=4), budget=Budget(steps=STEPS),
    )  # fmt: skip
    prepare = clean_batches(corpus, Collator(tokenizer))
    trainer.run(source, prepare, loss, stop_at_step=stop_at_step)
    return model, losses


def test_training_lowers_the_loss_and_resumes_to_equal_weights(
    corpus: Corpus, tokenizer, tmp_path: Path
) -> None:
    whole, losses = _train(corpus, tokenizer, tmp_path / "whole")
    assert len(losses) == STEPS
    assert np.mean(losses[-3:]) < 0.6 * np.mean(losses[:3])
    _train(corpus, tokenizer, tmp_path / "halves", stop_at_step=7)
    resumed, later = _train(corpus, tokenizer, tmp_path / "halves")
    assert len(later) == STEPS - 7
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_a_time_budget_ends_by_the_clock() -> None:
    budget = Budget(seconds=100.0)
    assert budget.progress(elapsed_s=50.0, step=1) == 0.5
    assert budget.progress(elapsed_s=150.0, step=1) == 1.0
    rate = Rate(1.0, warm_up_steps=1, decay_from=0.5)
    assert [rate.at(progress, step=9) for progress in (0.2, 0.5, 0.75, 1.0)] == [1.0, 1.0, 0.5, 0.0]


def test_the_padded_training_pass_equals_the_stock_model(corpus: Corpus, tokenizer) -> None:
    model = make_model(make_config(SIZES, tokenizer), seed=2).eval()
    clips = corpus.split("train")
    examples = [Example(tuple(clips[:count]), (0.1,) * (count + 1)) for count in (1, 4)]
    mels = [floored(joined_mel(corpus, example)) for example in examples]
    batch = Collator(tokenizer)(examples, mels, QUIET, random.Random(0))
    mask = torch.arange(batch.mels.shape[2]) < batch.frames[:, None]
    with torch.no_grad():
        encoded = encode(model.model.audio_tower, batch.mels, batch.frames)
        ours = decode(model, encoded, batch.input_ids, batch.attended)
        lengths = batch.attended.int().argmax(1) + batch.attended.sum(1) + 1
        stock = model(
            input_ids=batch.input_ids,
            attention_mask=torch.arange(batch.input_ids.shape[1]) < lengths[:, None],
            input_features=batch.mels,
            input_features_mask=mask.long(),
        ).logits[batch.attended]
    torch.testing.assert_close(ours, stock, atol=1e-4, rtol=0)


def test_a_processor_takes_what_training_prepares(corpus: Corpus, tokenizer) -> None:
    """Prompt and audio tokens of training are those that the stock processor makes."""
    clip = corpus.split("dev")[0]
    example = Example((clip,), (0.0, 0.0))
    batch = Collator(tokenizer)(
        [example], [floored(joined_mel(corpus, example))], QUIET, random.Random(0)
    )
    asked = make_processor(tokenizer).apply_transcription_request([corpus.wave(clip).numpy()])
    start = int(batch.attended[0].int().argmax()) + 1
    assert batch.input_ids[0, :start].tolist() == asked["input_ids"][0].tolist()
