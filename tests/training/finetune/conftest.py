"""A few short clips and the shipped model: enough for every mechanism, in seconds."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from training.finetune.config import (
    BatchConfig,
    CheckpointConfig,
    DataConfig,
    ModelConfig,
    RunConfig,
    SftConfig,
)

WORDS = ("the kettle is on", "good morning", "we meet at nine", "yes", "turn left here", "no")


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six clips of 0.6 to 1.6 s by three speakers, as JSON Lines with a WER each."""
    folder = tmp_path_factory.mktemp("clips")
    random = np.random.default_rng(7)
    rows = []
    for number, text in enumerate(WORDS):
        samples = 0.1 * random.standard_normal(int(16_000 * (0.6 + 0.2 * number)))
        soundfile.write(folder / f"{number}.wav", samples, 16_000)
        rows.append(
            {
                "audio": f"{number}.wav", "text": text, "language": "en",
                "speaker": f"s{number % 3}", "wer": 0.1 * (number + 1),
            }
        )  # fmt: skip
    path = folder / "clips.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def config(manifest: Path) -> RunConfig:
    """Four steps of four clips on mini, every scope, a checkpoint at every second step."""
    return RunConfig(
        stages=("sft3",),
        seed=5,
        model=ModelConfig(path="mini", device="cpu"),
        data=DataConfig(paths=(str(manifest),), held_out_share=0.0),
        batch=BatchConfig(clips_per_step=4, clips_at_once=2, gradient_checkpointing=False),
        checkpoints=CheckpointConfig(every_steps=2, kept=2, held_out_clips=0),
        sft3=SftConfig(1e-3, 1e-3, 1e-3, wer_limits=(), epochs=3.0, most_steps=4),
    )
