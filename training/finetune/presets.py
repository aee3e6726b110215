"""Configurations to start from, by how much memory there is.

A clip of 30 s at 1.7B costs what `training.finetune.memory` reckons; the presets leave a fifth of
the card free. Those for a card have 64 clips behind a step, as in the paper's script, so they learn
the same. Mini is no scaled-down copy of that model: a small one wants a larger rank, rates that
fall less from phase to phase, and no dropout, which is a third of a step on a CPU. What it hears is
right or lost, with little between, so its curriculum ends with all clips. The reasons, with
figures, are in `training.proof.plan`, which has the same rates.

Each ends with a router for the adapter and with a verdict. Reinforcement learning, the stage ``rl``
between ``sft3`` and ``router``, takes many times as long and the extra `rl`: add it by hand.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from training.finetune.config import (
    AdapterConfig,
    BatchConfig,
    CheckpointConfig,
    DataConfig,
    ModelConfig,
    RunConfig,
    SftConfig,
)
from training.finetune.rl_config import MINI

_STAGES = ("sft1", "sft2", "sft3", "router", "evaluate")

_PAPER = RunConfig(stages=_STAGES, model=ModelConfig(path="Qwen3-ASR-1.7B", device="cuda"))

PRESETS: Mapping[str, RunConfig] = MappingProxyType(
    {
        "mini-cpu": RunConfig(
            stages=_STAGES,
            model=ModelConfig(path="mini", device="cpu", compute="half"),
            adapter=AdapterConfig(rank=32, alpha=64.0, dropout=0.0),
            batch=BatchConfig(clips_per_step=32, clips_at_once=32, gradient_checkpointing=False),
            checkpoints=CheckpointConfig(every_steps=100),
            sft1=SftConfig(encoder_rate=1.5e-3, aligner_rate=1.5e-3, wer_limits=(0.7, 1.0, 10.0)),
            sft2=SftConfig(language_model_rate=2e-4, wer_limits=()),
            sft3=SftConfig(
                encoder_rate=5e-4, aligner_rate=5e-4, language_model_rate=2e-4, wer_limits=()
            ),
            rl=MINI,
        ),
        "8gb": replace(
            _PAPER,
            model=replace(_PAPER.model, four_bit=True),
            data=DataConfig(most_clip_s=20.0),
            batch=BatchConfig(clips_at_once=1),
        ),
        "24gb": replace(_PAPER, batch=BatchConfig(clips_at_once=8, loader_processes=2)),
        "80gb": replace(
            _PAPER,
            batch=BatchConfig(clips_at_once=16, gradient_checkpointing=False, loader_processes=4),
        ),
    }
)
"""Name -> configuration; paths of data are still missing."""
