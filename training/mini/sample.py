"""The shipped sample: one recording, partly clean and partly degraded, with its reference."""

import json
import random
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from torch import Tensor

from training.mini.corpus import Clip, Corpus
from training.mini.degrade import Damage, damaged
from training.mini.speak import SAMPLE_RATE

STEM = "wild-afternoon"
PAUSE_S = 1.1
# Runs of sentences, each with one damage over speech and pauses alike.
RUNS = (
    (3, Damage(gain_db=3.0)),
    (2, Damage(noise="pink", snr_db=6.0)),
    (2, Damage(gain_db=3.0)),
    (2, Damage(t60_s=0.6, distance=1.0, noise="white", snr_db=12.0)),
)


def _sentences(corpus: Corpus) -> list[Clip]:
    """The longest sentences of the sample split, two voices in turn."""
    count = sum(count for count, _ in RUNS)
    longest = sorted(corpus.split("sample"), key=lambda clip: -len(clip.text.split()))
    voices = sorted({clip.voice for clip in longest})
    by_voice = [[clip for clip in longest if clip.voice == voice] for voice in voices]
    return [by_voice[index % len(voices)][index // len(voices)] for index in range(count)]


def make_sample(corpus: Corpus, folder: Path, seed: int) -> None:
    """Writes the FLAC, its reference text, and where it is degraded (JSON)."""
    rng = random.Random(seed)
    clips = iter(_sentences(corpus))
    pause = torch.zeros(round(PAUSE_S * SAMPLE_RATE))
    waves, sentences, stretches = [pause[: pause.shape[0] // 2]], list[str](), []
    at = waves[0].shape[0]

    def speech() -> Tensor:
        return corpus.wave(rng.choice(corpus.split("train")))

    for count, damage in RUNS:
        parts, start = list[Tensor](), at
        for _ in range(count):
            clip = next(clips)
            parts += [corpus.wave(clip), pause]
            sentences.append(clip.text)
        wave = damaged(torch.cat(parts), damage, speech, rng)
        waves.append(wave)
        at += wave.shape[0]
        stretches.append(
            {
                "start_s": start / SAMPLE_RATE,
                "end_s": at / SAMPLE_RATE,
                "degraded": damage.noise is not None or damage.t60_s is not None,
                "damage": asdict(damage),
                "sentences": sentences[-count:],
            }
        )
    folder.mkdir(parents=True, exist_ok=True)
    samples = torch.cat(waves).numpy().astype(np.float32)
    sf.write(folder / f"{STEM}.flac", samples, SAMPLE_RATE, subtype="PCM_16")
    (folder / f"{STEM}.txt").write_text("\n".join(sentences) + "\n", encoding="utf-8")
    facts = {"duration_s": len(samples) / SAMPLE_RATE, "stretches": stretches}
    (folder / f"{STEM}.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
