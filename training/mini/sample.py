"""The shipped sample: one recording, partly clean and partly degraded, with its reference."""

import json
import random
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from torch import Tensor

from training.mini.degrade import Damage, damaged
from training.mini.speak import SAMPLE_RATE, speak
from training.mini.text import DATA_DIR
from training.mini.voices import Manner, Voice

STEM = "wild-afternoon"
SENTENCES = tuple((DATA_DIR / "sample.txt").read_text(encoding="utf-8").splitlines())
SPEAKERS = (Voice("flite", "slt"), Voice("flite", "awb"))
PAUSE_S = 1.1
# Runs of sentences, each with one damage over speech and pauses alike.
RUNS = (
    (3, Damage(gain_db=3.0)),
    (3, Damage(noise="pink", snr_db=6.0)),
    (2, Damage(gain_db=3.0)),
    (2, Damage(t60_s=0.6, distance=1.0, noise="white", snr_db=12.0)),
)


def make_sample(folder: Path, speech: Callable[[], Tensor], seed: int) -> None:
    """Writes the FLAC, its reference text, and where it is degraded (JSON).

    `speech` gives random clips for babble; `script` keeps these sentences out of the training set.
    """
    rng = random.Random(seed)
    manners = [Manner(SPEAKERS[i % 2], 1.05, 1.0, 1.0) for i in range(len(SENTENCES))]
    spoken = [torch.from_numpy(wave) for wave in speak(SENTENCES, manners)]
    pause = torch.zeros(round(PAUSE_S * SAMPLE_RATE))
    waves, stretches = [pause[: len(pause) // 2]], []
    first, at = 0, len(waves[0])
    for count, damage in RUNS:
        run = slice(first, first + count)
        parts = [part for wave in spoken[run] for part in (wave, pause)]
        waves.append(damaged(torch.cat(parts), damage, speech, rng))
        end = at + len(waves[-1])
        stretches.append(
            {
                "start_s": at / SAMPLE_RATE,
                "end_s": end / SAMPLE_RATE,
                "degraded": damage.noise is not None or damage.t60_s is not None,
                "damage": asdict(damage),
                "sentences": SENTENCES[run],
            }
        )
        first, at = first + count, end
    folder.mkdir(parents=True, exist_ok=True)
    samples = torch.cat(waves).numpy().astype(np.float32)
    sf.write(folder / f"{STEM}.flac", samples, SAMPLE_RATE, subtype="PCM_16")
    (folder / f"{STEM}.txt").write_text("\n".join(SENTENCES) + "\n", encoding="utf-8")
    facts = {"duration_s": len(samples) / SAMPLE_RATE, "stretches": stretches}
    (folder / f"{STEM}.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
