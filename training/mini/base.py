"""Stages 1 to 3: the encoder by phone CTC, then encoder and decoder together, in two cycles."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rapidfuzz.distance import Levenshtein
from torch import Tensor
from torch.nn import functional

from training.mini.corpus import Corpus
from training.mini.examples import (
    Batch,
    Collator,
    Example,
    Mixture,
    Pools,
    clean_mel,
    joined_mel,
)
from training.mini.features import floored
from training.mini.loop import Budget, Moment, Prepare, Rate, Trainer
from training.mini.model import PhoneHead, decode, encode
from training.mini.parallel import rank_and_count

FLAT_START_STEPS = 250
PHONE_WEIGHT = 0.3


def phone_ctc(logits: Tensor, lengths: Tensor, batch: Batch) -> Tensor:
    """CTC loss of the phones, per phone."""
    losses = functional.ctc_loss(
        logits.float().log_softmax(-1),
        batch.phones,
        lengths,
        batch.phone_counts,
        reduction="sum",
        zero_infinity=True,
    )
    return losses / batch.phone_counts.sum().clamp_min(1)


def flat_start(logits: Tensor, lengths: Tensor, batch: Batch) -> Tensor:
    """Frame loss against phones spread evenly over the clip: what gets CTC off its plateau."""
    targets = torch.full(logits.shape[:2], -100)
    rows = torch.split(batch.phones, batch.phone_counts.tolist())
    for column, (phones, length) in enumerate(zip(rows, lengths.tolist(), strict=True)):
        if len(phones):
            places = torch.arange(length) * len(phones) // length
            targets[:length, column] = phones[places]
    flat = functional.cross_entropy(
        logits.float().flatten(0, 1), targets.flatten(), ignore_index=-100, reduction="sum"
    )
    return flat / (targets >= 0).sum().clamp_min(1)


def text_loss(model: Any, encoded: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy of the answer's tokens."""
    logits = decode(model, encoded, batch.input_ids, batch.attended)
    return functional.cross_entropy(logits.float(), batch.labels)


def mixture_source(pools: Pools, mixture: Callable[[float], Mixture]) -> Any:
    """Batches with the mixture of their moment: pairs (examples, mixture).

    Of several processes that train as one, each takes its share of a batch.
    """
    _, processes = rank_and_count()

    def source(number: int, progress: float) -> Sequence[tuple[list[Example], Mixture]]:
        now = mixture(progress)
        now = replace(now, batch_s=now.batch_s / processes)
        return [(batch, now) for batch in pools.batches(number, now)]

    return source


def clean_batches(corpus: Corpus, collate: Collator) -> Prepare:
    """Assembles batches of clean training."""

    def prepare(work: tuple[list[Example], Mixture], moment: Moment) -> Batch:
        examples, mixture = work
        mels = [clean_mel(corpus, example, mixture, moment.rng) for example in examples]
        return collate(examples, mels, mixture, moment.rng)

    return prepare


def train_encoder(
    corpus: Corpus,
    model: Any,
    head: PhoneHead,
    collate: Collator,
    folder: Path,
    seed: int,
    budget: Budget,
) -> None:
    """Stage 1: the encoder learns phones; the decoder is untouched. Short clips first."""
    tower = model.model.audio_tower

    def mixture(progress: float) -> Mixture:
        longest_s = 2.0 if progress < 0.15 else 3.0 if progress < 0.4 else 20.0
        return Mixture(joined_share=0.0, longest_s=longest_s, masking=min(1.0, 2 * progress))

    def loss(batch: Batch, moment: Moment) -> dict[str, Tensor]:
        logits, lengths = head(encode(tower, batch.mels, batch.frames), batch.tokens)
        if moment.step < FLAT_START_STEPS:
            return {
                "flat": flat_start(logits, lengths, batch),
                "ctc": 0.1 * phone_ctc(logits, lengths, batch),
            }
        return {"ctc": phone_ctc(logits, lengths, batch)}

    def report() -> str:
        return f"phone error rate {phone_error_rate(corpus, model, head, collate):.1%}"

    pools = Pools(corpus.split("train"), seed)
    trainer = Trainer(
        "encoder", folder, {"model": model, "head": head}, seed=seed,
        rate=Rate(1.2e-3, decay_from=0.95), budget=budget,
    )  # fmt: skip
    trainer.run(
        mixture_source(pools, mixture), clean_batches(corpus, collate), loss,
        report=report, report_every_s=180,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cycle:
    """One course of joint training, its rate annealed to zero.

    `mixture` by progress; the convolutions learn up to `convolutions_until`, then they rest: they
    hardly change any more, and cost a quarter of a step.
    """

    name: str
    rate: Rate
    mixture: Callable[[float], Mixture]
    convolutions_until: float


def _first_mixture(progress: float) -> Mixture:
    if progress < 0.28:  # short clips alone, until the decoder has learned to listen
        return Mixture(joined_share=0.0, prompt_share=0.02, longest_s=2.3, masking=0.3)
    return Mixture(
        joined_share=0.04 if progress < 0.35 else 0.15 if progress < 0.6 else 0.3,
        masking=0.3 if progress < 0.72 else 0.1,
        warp_share=0.4 if progress < 0.72 else 0.15,
        slip_share=0.08 if progress < 0.9 else 0.02,
        batch_s=72.0,
    )


def _second_mixture(progress: float) -> Mixture:
    return Mixture(
        joined_share=0.38,
        masking=0.35 if progress < 0.6 else 0.15,
        warp_share=0.5 if progress < 0.6 else 0.25,
        slip_share=0.08 if progress < 0.85 else 0.02,
        batch_s=96.0,
    )


# The first learns to listen at all; most of its rate is spent before speech is joined. The second
# starts where the first ended, with every kind of clip from its first step on.
FIRST_CYCLE = Cycle("joint", Rate(1.2e-3, decay_from=0.37), _first_mixture, 0.45)
SECOND_CYCLE = Cycle(
    "refine", Rate(8e-4, warm_up_steps=300, decay_from=0.08), _second_mixture, 0.25
)


def train_joint(
    corpus: Corpus,
    model: Any,
    head: PhoneHead,
    collate: Collator,
    folder: Path,
    seed: int,
    cycle: Cycle,
    budget: Budget,
    report: Callable[[], str] | None,
) -> None:
    """Stages 2 and 3: cross-entropy of the text plus phone CTC."""

    def loss(batch: Batch, moment: Moment) -> dict[str, Tensor]:
        encoded = encode(
            model.model.audio_tower,
            batch.mels,
            batch.frames,
            learn_convolutions=moment.progress < cycle.convolutions_until,
        )
        logits, lengths = head(encoded, batch.tokens)
        return {
            "text": text_loss(model, encoded, batch),
            "ctc": PHONE_WEIGHT * phone_ctc(logits, lengths, batch),
        }

    pools = Pools(corpus.split("train"), seed)
    trainer = Trainer(
        cycle.name, folder, {"model": model, "head": head}, seed=seed,
        rate=cycle.rate, budget=budget,
    )  # fmt: skip
    trainer.run(
        mixture_source(pools, cycle.mixture), clean_batches(corpus, collate), loss,
        report=report, report_every_s=240,
    )  # fmt: skip


@torch.no_grad()
def phone_error_rate(corpus: Corpus, model: Any, head: PhoneHead, collate: Collator) -> float:
    """Greedy phone errors on the development clips."""
    examples = [Example((clip,), (0.1, 0.1)) for clip in corpus.split("dev")]
    mels = [floored(joined_mel(corpus, example)) for example in examples]
    batch = collate(examples, mels, Mixture(prompt_share=0.0), random.Random(0))
    with torch.autocast("cpu", torch.bfloat16):
        encoded = encode(model.model.audio_tower, batch.mels, batch.frames)
        logits, lengths = head(encoded, batch.tokens)
    errors = 0
    for column, example in enumerate(examples):
        best = logits[: int(lengths[column]), column].argmax(-1)
        found = [int(phone) for phone in torch.unique_consecutive(best) if phone]
        errors += Levenshtein.distance(found, example.phones)
    return errors / int(batch.phone_counts.sum())
