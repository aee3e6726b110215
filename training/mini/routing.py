"""Stage 5: the audio-quality router, the published architecture, clean against degraded."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.router import RouterNetwork
from engine.router.features import log_mel
from training.mini.augment import warped
from training.mini.corpus import Clip, Corpus
from training.mini.degrade import COLOURS, Damage, coloured_noise, damaged, rms
from training.mini.examples import Example, Mixture, Pools, joined_wave
from training.mini.loop import Budget, Moment, Rate, Trainer
from training.mini.parallel import rank_and_count

NOISIEST_CLEAN_DB = 27.0
MILDEST_NOISE_DB = 16.0
DAMAGED_SHARE = 1 / 3  # of the clean clips, by plain noise or a plain room
MILDEST = 0.15  # severity of what is called degraded; between it and clean nobody could tell


@dataclass(frozen=True, slots=True)
class Judged:
    """Router log-mel (batch, frames, 80), lengths (batch,) and classes (1: degraded)."""

    mels: Tensor
    lengths: Tensor
    classes: Tensor


def draw_damage(rng: random.Random) -> Damage:
    """Plain noise or a plain room, mild ones among them: what the scenarios rarely have alone."""
    kind = rng.choice(("noise", "room", "both"))
    return Damage(
        t60_s=rng.uniform(0.25, 1.0) if kind != "noise" else None,
        distance=rng.uniform(0.6, 1.8),
        noise=rng.choice(COLOURS) if kind != "room" else None,
        snr_db=rng.uniform(-5.0, MILDEST_NOISE_DB),
    )


def with_faint_noise(wave: Tensor, rng: random.Random) -> Tensor:
    """A clean clip may hold some."""
    if rng.random() < 0.5:
        return wave
    noise = coloured_noise(wave.shape[0], rng.uniform(0.0, 2.0), rng)
    return wave + noise * rms(wave) * 10 ** (-rng.uniform(NOISIEST_CLEAN_DB, 60.0) / 20)


def varied(mel: Tensor, rng: random.Random) -> Tensor:
    """(frames, 80): another vocal tract and a tilt, so that voices never heard are no surprise."""
    if rng.random() < 0.6:
        mel = warped(mel.T, rng.uniform(0.85, 1.15)).T
    tilt = rng.uniform(-10.0, 10.0) * 0.025 * torch.linspace(-0.5, 0.5, mel.shape[1])
    return mel + tilt


def judgeable(scenes: Corpus) -> list[Clip]:
    """Clearly degraded training clips, and three times as many clean ones.

    When `DAMAGED_SHARE` of the clean ones have been damaged, both classes are alike.
    """
    clips = scenes.split("train")
    clean = [clip for clip in clips if clip.severity == 0.0]
    degraded = [clip for clip in clips if clip.severity >= MILDEST]
    return clean * max(1, round(3 * len(degraded) / len(clean))) + degraded


def train_router(
    scenes: Corpus, network: RouterNetwork, folder: Path, seed: int, budget: Budget
) -> None:
    """Trains on single and joined clips; half of them degraded."""
    _, processes = rank_and_count()
    clean = [clip for clip in scenes.split("train") if clip.severity == 0.0]
    pools = Pools(judgeable(scenes), seed)
    mixture = Mixture(joined_share=0.0, noise_share=0.0, batch_s=160.0 / processes)

    def source(number: int, progress: float) -> Sequence[list[Example]]:
        return pools.batches(number, mixture)

    def prepare(examples: list[Example], moment: Moment) -> Judged:
        rng = moment.rng

        def speech() -> Tensor:
            return scenes.wave(rng.choice(clean))

        classes, waves = list[bool](), list[Tensor]()
        for example in examples:
            wave = joined_wave(scenes, example)
            degraded = example.clips[0].severity > 0
            if not degraded and rng.random() < DAMAGED_SHARE:
                wave, degraded = damaged(wave, draw_damage(rng), speech, rng), True
            elif not degraded:
                wave = with_faint_noise(wave, rng)
            classes.append(degraded)
            waves.append((wave * 10 ** (rng.uniform(-25.0, 12.0) / 20)).clamp(-1, 1))
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
    trainer.run(source, prepare, loss)
