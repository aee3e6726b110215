"""A run on mini over short pieces of speech: enough for the router and the evaluation."""

import json
from pathlib import Path

import soundfile

from training.finetune.config import (
    AdapterConfig,
    CheckpointConfig,
    DataConfig,
    ModelConfig,
    RunConfig,
)
from training.finetune.router_config import EvaluateConfig, RouterConfig
from training.simulate import FileMaterials
from training.simulate.rooms import RoomBank

LAYOUT = Path(__file__).parents[1] / "fixtures" / "mega-asr-layout"
PIECE = 14_000


def speech(folder: Path) -> Path:
    """Nine clean pieces of 0.9 s by three voices; the last voice is held out."""
    folder.mkdir(parents=True)
    rows = []
    for number, path in enumerate(sorted(LAYOUT.glob("*.wav"))):
        samples, rate = soundfile.read(path)
        for piece in range(3):
            name = f"{path.stem}-{piece}.wav"
            soundfile.write(folder / name, samples[piece * PIECE : (piece + 1) * PIECE], rate)
            rows.append(
                {
                    "audio": name, "text": f"words {number} {piece}", "language": "en",
                    "speaker": path.stem, "split": "held_out" if number == 2 else "train",
                }
            )  # fmt: skip
    manifest = folder / "clips.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return manifest


def judging(manifest: Path, mini: Path, *stages: str) -> RunConfig:
    """A run that judges mini's robust adapter as if it had trained it."""
    return RunConfig(
        stages=stages,
        model=ModelConfig(path="mini", device="cpu"),
        data=DataConfig(paths=(str(manifest),), unmarked="clean"),
        adapter=AdapterConfig(start_from=str(mini / "adapters" / "robust")),
        checkpoints=CheckpointConfig(every_steps=2),
        router=RouterConfig(copies=1, steps=4, clips_per_step=2),
        evaluate=EvaluateConfig(scenario_clips=0),
    )


def few_rooms() -> FileMaterials:
    """Materials that are made in a moment."""
    return FileMaterials(RoomBank.made(size=(4, 2)))
