"""Stage 4: the robust LoRA, on encoder, aligner and language model, the base frozen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from peft import LoraConfig, get_peft_model
from torch import Tensor

from training.mini.base import clean_batches, mixture_source, phone_ctc, text_loss
from training.mini.corpus import Corpus
from training.mini.examples import Batch, Collator, Mixture, Pools
from training.mini.loop import Budget, Moment, Rate, Trainer
from training.mini.model import PhoneHead, encode

RANK = 32
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


def train_robust(
    scenes: Corpus,
    adapted: Any,
    head: PhoneHead,
    collate: Collator,
    folder: Path,
    seed: int,
    budget: Budget,
    report: Callable[[], str] | None,
) -> None:
    """Trains the LoRA of `adapted` on degraded and clean scenes, joined already.

    The phone head helps the encoder and stays as it is.
    """
    model = adapted.get_base_model()
    head.requires_grad_(False)
    mixture = Mixture(
        joined_share=0.0, noise_share=0.05, masking=0.0, warp_share=0.25, slip_share=0.05
    )

    def loss(batch: Batch, moment: Moment) -> dict[str, Tensor]:
        encoded = encode(model.model.audio_tower, batch.mels, batch.frames)
        logits, lengths = head(encoded, batch.tokens)
        return {
            "text": text_loss(model, encoded, batch),
            "ctc": PHONE_WEIGHT * phone_ctc(logits, lengths, batch),
        }

    trainer = Trainer(
        "robust", folder, {"adapter": adapted}, seed=seed,
        rate=Rate(1.5e-3, warm_up_steps=50, decay_from=0.3), budget=budget,
    )  # fmt: skip
    pools = Pools(scenes.split("train"), seed)
    trainer.run(
        mixture_source(pools, lambda progress: mixture), clean_batches(scenes, collate), loss,
        report=report, report_every_s=240,
    )  # fmt: skip
