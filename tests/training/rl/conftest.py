"""Four clips of one second and the shipped model: two steps of four rollouts take seconds."""

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
)
from training.finetune.rl_config import RlConfig

WORDS = ("the kettle is on", "good morning", "we meet at nine", "turn left here")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Clips by four speakers, as JSON Lines; the last says itself that it is held out."""
    folder = tmp_path / "clips"
    folder.mkdir()
    random = np.random.default_rng(7)
    rows = []
    for number, text in enumerate(WORDS):
        samples = 0.1 * random.standard_normal(8_000 + 800 * number)
        soundfile.write(folder / f"{number}.wav", samples, 16_000)
        split = "held_out" if number == 3 else "train"
        rows.append(
            {"audio": f"{number}.wav", "text": text, "language": "en", "speaker": f"s{number}",
             "split": split}
        )  # fmt: skip
    path = folder / "clips.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def config(manifest: Path) -> RunConfig:
    """Two steps of one clip with four rollouts of at most eight tokens."""
    return RunConfig(
        stages=("rl",),
        seed=5,
        model=ModelConfig(path="mini", device="cpu"),
        data=DataConfig(paths=(str(manifest),), held_out_share=0.0),
        batch=BatchConfig(clips_at_once=2, gradient_checkpointing=False),
        checkpoints=CheckpointConfig(every_steps=1, kept=1, held_out_clips=1),
        rl=RlConfig(
            steps=2, rollouts=4, clips_per_step=1, most_refills=1, rate=1e-3, most_tokens=8,
            held_out_every_steps=2, overlong_weight=0.0,
        ),
    )  # fmt: skip
