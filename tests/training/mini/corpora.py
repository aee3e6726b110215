"""A corpus without speech engines: each phone is a tone, each sentence a run of tones."""

from pathlib import Path

import numpy as np

from training.mini.corpus import Corpus, Line, write_job
from training.mini.speak import HOP, SAMPLE_RATE
from training.mini.voices import Manner, Voice

PHONE_S = 0.12
_TONES_HZ = {"k": 400.0, "ae": 900.0, "t": 1600.0, "s": 2600.0}
_WORDS = {"Cat": ["k", "ae", "t"], "Sat": ["s", "ae", "t"], "Task": ["t", "ae", "s", "k"]}


def tone_corpus(folder: Path, count: int = 60) -> Corpus:
    """`count` training clips of two words each, and one for development."""
    rng = np.random.default_rng(3)
    lines, waves = [], []
    for index in range(count):
        words = [list(_WORDS)[k] for k in rng.integers(0, len(_WORDS), 2)]
        phones = [phone for word in words for phone in _WORDS[word]]
        time_s = np.arange(int(PHONE_S * SAMPLE_RATE) // HOP * HOP) / SAMPLE_RATE
        wave = np.concatenate([np.sin(2 * np.pi * _TONES_HZ[phone] * time_s) for phone in phones])
        split = "train" if index else "dev"
        manner = Manner(Voice("flite", "tone"), 1.0, 1.0, 1.0)
        lines.append(Line(" ".join(words) + ".", split, "grammar", phones, manner))
        waves.append((0.1 * wave + 1e-4 * rng.standard_normal(len(wave))).astype(np.float32))
    folder.mkdir(parents=True, exist_ok=True)
    write_job(folder, 0, lines, waves)
    return Corpus(folder)
