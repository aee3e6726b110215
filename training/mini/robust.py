"""Stage 3: the robust LoRA, on encoder, aligner and language model, the base frozen."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from peft import LoraConfig, get_peft_model
from torch import Tensor

from training.mini.base import mixture_source, phone_ctc, text_loss
from training.mini.corpus import Corpus
from training.mini.degrade import damaged, draw_damage, noise_wave
from training.mini.examples import Batch, Collator, Example, Mixture, Pools, clean_mel, joined_wave
from training.mini.features import FRAMES_PER_SECOND, floored, log_mel
from training.mini.loop import Budget, Moment, Prepare, Rate, Trainer
from training.mini.model import PhoneHead, encode
from training.mini.speak import HOP

RANK = 16
CLEAN_SHARE = 0.25
PHONE_WEIGHT = 0.2
# Full matches on module names; a bare "q_proj" would not tell encoder and language model apart.
SCOPES = {
    "encoder": r"model\.audio_tower\.layers\.\d+\."
    r"(?:self_attn\.(?:q_proj|k_proj|v_proj|out_proj)|fc1|fc2)",
    "aligner": r"model\.(?:audio_tower\.conv_out|multi_modal_projector\.linear_[12])",
    "language model": r"model\.language_model\.layers\.\d+\."
    r"(?:self_attn\.(?:q_proj|k_proj|v_proj|o_proj)|mlp\.(?:gate_proj|up_proj|down_proj))",
}


def with_adapter(model: Any) -> Any:
    """The model under PEFT with a fresh LoRA on all three scopes; only the LoRA learns."""
    config = LoraConfig(
        r=RANK, lora_alpha=2 * RANK, lora_dropout=0.05, target_modules="|".join(SCOPES.values())
    )
    return get_peft_model(model, config)


def robust_mel(corpus: Corpus, example: Example, mixture: Mixture, rng: random.Random) -> Tensor:
    """Clean for a quarter of the clips, damaged for the others."""
    if rng.random() < CLEAN_SHARE:
        return clean_mel(corpus, example, mixture, rng)
    if example.clips:
        wave = joined_wave(corpus, example)
    else:
        wave = noise_wave(round(example.duration_s * FRAMES_PER_SECOND) * HOP, rng)
    damage = draw_damage(rng)
    if example.clips or damage.noise != "babble":  # babble alone is speech, if nobody's
        wave = damaged(wave, damage, speech_source(corpus, rng), rng)
    return floored(log_mel(wave))


def speech_source(corpus: Corpus, rng: random.Random) -> Callable[[], Tensor]:
    """Random training clips, for babble."""
    clips = corpus.split("train")
    return lambda: corpus.wave(rng.choice(clips))


def train_robust(
    corpus: Corpus,
    adapted: Any,
    head: PhoneHead,
    collate: Collator,
    folder: Path,
    seed: int,
    budget: Budget,
    report: Callable[[], str] | None,
) -> None:
    """Trains the LoRA of `adapted`; the phone head helps the encoder and stays as it is."""
    model = adapted.get_base_model()
    head.requires_grad_(False)
    mixture = Mixture(
        joined_share=0.2, noise_share=0.05, masking=0.0, warp_share=0.15, slip_share=0.05
    )

    def prepare(work: tuple[list[Example], Mixture], moment: Moment) -> Batch:
        examples, now = work
        mels = [robust_mel(corpus, example, now, moment.rng) for example in examples]
        return collate(examples, mels, now, moment.rng)

    def loss(batch: Batch, moment: Moment) -> dict[str, Tensor]:
        encoded = encode(model.model.audio_tower, batch.mels, batch.frames)
        logits, lengths = head(encoded, batch.tokens)
        return {
            "text": text_loss(model, encoded, batch),
            "ctc": PHONE_WEIGHT * phone_ctc(logits, lengths, batch),
        }

    trainer = Trainer(
        "robust", folder, {"adapter": adapted}, seed=seed,
        rate=Rate(1.5e-3, warm_up_steps=50, decay_from=0.4), budget=budget,
    )  # fmt: skip
    pools = Pools(corpus.split("train"), seed)
    prepared: Prepare = prepare
    trainer.run(
        mixture_source(pools, lambda progress: mixture), prepared, loss,
        report=report, report_every_s=240,
    )  # fmt: skip
