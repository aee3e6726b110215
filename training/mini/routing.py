"""Stage 4: the audio-quality router, the published architecture, clean against degraded."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.router import RouterNetwork
from engine.router.features import log_mel
from training.mini.augment import warped
from training.mini.corpus import Corpus
from training.mini.degrade import COLOURS, Damage, coloured_noise, damaged, rms
from training.mini.examples import Example, Mixture, Pools, joined_wave
from training.mini.loop import Budget, Moment, Prepare, Rate, Trainer

NOISIEST_CLEAN_DB = 27.0
MILDEST_NOISE_DB = 16.0


@dataclass(frozen=True, slots=True)
class Judged:
    """Router log-mel (batch, frames, 80), lengths (batch,) and classes (1: degraded)."""

    mels: Tensor
    lengths: Tensor
    classes: Tensor


def draw_router_damage(rng: random.Random) -> Damage:
    """Any of the degradations, mild ones among them."""
    kind = rng.choice(("noise", "room", "both"))
    return Damage(
        t60_s=rng.uniform(0.25, 1.0) if kind != "noise" else None,
        distance=rng.uniform(0.6, 1.8),
        noise=rng.choice(COLOURS) if kind != "room" else None,
        snr_db=rng.uniform(-5.0, MILDEST_NOISE_DB),
    )


def judged_wave(
    wave: Tensor, degraded: bool, speech: Callable[[], Tensor], rng: random.Random
) -> Tensor:
    """A clean clip may hold faint noise; both classes come at any level, with some equalising."""
    if degraded:
        wave = damaged(wave, draw_router_damage(rng), speech, rng)
    elif rng.random() < 0.5:
        noise = coloured_noise(wave.shape[0], rng.uniform(0.0, 2.0), rng)
        wave = wave + noise * rms(wave) * 10 ** (-rng.uniform(NOISIEST_CLEAN_DB, 60.0) / 20)
    return (wave * 10 ** (rng.uniform(-25.0, 12.0) / 20)).clamp(-1, 1)


def varied(mel: Tensor, rng: random.Random) -> Tensor:
    """(frames, 80): another vocal tract and a tilt, so that voices never heard are no surprise."""
    if rng.random() < 0.6:
        mel = warped(mel.T, rng.uniform(0.85, 1.15)).T
    tilt = rng.uniform(-10.0, 10.0) * 0.025 * torch.linspace(-0.5, 0.5, mel.shape[1])
    return mel + tilt


def train_router(
    corpus: Corpus, network: RouterNetwork, folder: Path, seed: int, budget: Budget
) -> None:
    """Trains on single and joined clips; half of them degraded."""
    clips = corpus.split("train")
    pools = Pools(clips, seed)
    mixture = Mixture(joined_share=0.2, noise_share=0.0, batch_s=120.0)

    def source(number: int, progress: float) -> Sequence[list[Example]]:
        return pools.batches(number, mixture)

    def prepare(examples: list[Example], moment: Moment) -> Judged:
        rng = moment.rng

        def speech() -> Tensor:
            return corpus.wave(rng.choice(clips))

        classes = [rng.random() < 0.5 for _ in examples]
        waves = [
            judged_wave(joined_wave(corpus, example), degraded, speech, rng)
            for example, degraded in zip(examples, classes, strict=True)
        ]
        mels, lengths = log_mel([wave.numpy() for wave in waves])
        rows = [
            varied(mel[:length], rng) for mel, length in zip(mels, lengths.tolist(), strict=True)
        ]
        return Judged(
            nn.utils.rnn.pad_sequence(rows, batch_first=True), lengths, torch.tensor(classes).long()
        )

    def loss(batch: Judged, moment: Moment) -> dict[str, Tensor]:
        network.train()
        logits = network(batch.mels, batch.lengths)
        return {"route": functional.cross_entropy(logits.float(), batch.classes)}

    trainer = Trainer(
        "router", folder, {"network": network}, seed=seed,
        rate=Rate(5e-4, warm_up_steps=100, decay_from=0.3), budget=budget, log_every=50,
    )  # fmt: skip
    prepared: Prepare = prepare
    work: Any = source
    trainer.run(work, prepared, loss)
