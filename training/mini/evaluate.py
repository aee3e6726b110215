"""Stage 5: every test set under every condition, by base, robust and routed; outputs are kept."""

import json
import multiprocessing
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoProcessor

from engine.router import Router
from training.mini.corpus import Corpus
from training.mini.degrade import COLOURS, Damage, coloured_noise, damaged
from training.mini.examples import Example, joined_wave
from training.mini.robust import speech_source
from training.mini.scoring import word_error_rate
from training.mini.speak import LEVEL, SAMPLE_RATE
from training.mini.transcribe import load_base, load_robust, transcribe

THRESHOLD = 0.5
LONGEST_JOINED_S = 20.0
CONDITIONS = (
    "clean", "noise 10 dB", "noise 5 dB", "noise 0 dB", "reverb", "reverb + noise 10 dB"
)  # fmt: skip
SETS = ("known voices", "never-heard voices", "joined up to 20 s", "random words")
ROUTES = ("base", "robust", "routed")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One clip of a test set under one condition, and what was heard on each route."""

    test_set: str
    condition: str
    voice: str
    duration_s: float
    reference: str
    base: str
    robust: str
    degraded_probability: float

    @property
    def routed(self) -> str:
        return self.robust if self.degraded_probability >= THRESHOLD else self.base

    def text(self, route: str) -> str:
        return str(getattr(self, route))


def test_sets(corpus: Corpus) -> dict[str, list[Example]]:
    """The held-out clips; joined ones with pauses of 0.3 to 0.8 s, up to 20 s."""
    rng = random.Random(5)
    single = {
        name: [Example((clip,), (0.0, 0.0)) for clip in corpus.split(split)]
        for name, split in zip(
            (SETS[0], SETS[1], SETS[3]), ("known", "unheard", "random"), strict=True
        )
    }
    joined = []
    for clips in corpus.joined():
        pauses_s = (0.0, *(rng.uniform(0.3, 0.8) for _ in clips[1:]), 0.0)
        example = Example(tuple(clips), pauses_s)
        if example.duration_s <= LONGEST_JOINED_S:
            joined.append(example)
    return {name: joined if name == SETS[2] else single[name] for name in SETS}


def condition_damage(condition: str, index: int, rng: random.Random) -> Damage:
    """White, pink and babble noise in turn; rooms of 0.3 to 0.9 s."""
    if condition == "clean":
        return Damage()
    colour = COLOURS[index % len(COLOURS)]
    if not condition.startswith("reverb"):
        return Damage(noise=colour, snr_db=float(condition.split()[1]))
    return Damage(
        t60_s=rng.uniform(0.3, 0.9),
        distance=rng.uniform(0.8, 1.4),
        noise=colour if "noise" in condition else None,
        snr_db=10.0,
    )


@dataclass(frozen=True, slots=True)
class Task:
    """One condition to be evaluated: the corpus, what ships, and where the outcomes go."""

    corpus: Path
    out: Path
    condition: str
    result: Path


def evaluate(tasks: Sequence[Task], processes: int) -> list[Outcome]:
    """Every condition, several at a time; those with a result already are only read."""
    missing = [task for task in tasks if not task.result.exists()]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for task in pool.imap_unordered(_evaluate_condition, missing):
            print(f"evaluate: {task.condition} done", flush=True)
    return [outcome for task in tasks for outcome in load_outcomes(task.result)[0]]


def _evaluate_condition(task: Task) -> Task:
    """Transcribes everything twice; `routed` then takes one of the two by the router's word."""
    torch.set_num_threads(1)
    corpus, processor = Corpus(task.corpus), AutoProcessor.from_pretrained(task.out / "base")
    rng = random.Random(task.condition)
    speech = speech_source(corpus, rng)
    cases = [(name, example) for name, group in test_sets(corpus).items() for example in group]
    waves = []
    for index, (_, example) in enumerate(cases):
        damage = condition_damage(task.condition, index, rng)
        waves.append(damaged(joined_wave(corpus, example), damage, speech, rng))
    router = Router.load(task.out / "router" / "router.safetensors")
    probabilities = router.probabilities([wave.numpy() for wave in waves])
    base = transcribe(load_base(task.out), processor, waves)
    robust = transcribe(load_robust(task.out), processor, waves)
    outcomes = [
        Outcome(
            test_set=name,
            condition=task.condition,
            voice=example.clips[0].voice,
            duration_s=round(example.duration_s, 2),
            reference=example.text,
            base=base[index],
            robust=robust[index],
            degraded_probability=round(float(probabilities[index]), 4),
        )
        for index, (name, example) in enumerate(cases)
    ]
    save_outcomes(outcomes, {}, task.result)
    return task


def no_speech_waves() -> dict[str, Tensor]:
    """Silence, and white, pink and brown noise of 2 and 6 s at three levels."""
    rng = random.Random(9)
    waves = {}
    for duration_s in (2, 6):
        size = duration_s * SAMPLE_RATE
        waves[f"silence {duration_s} s"] = torch.zeros(size)
        for exponent, colour in enumerate(("white", "pink", "brown")):
            for level_db in (-30, -10, 6):
                noise = coloured_noise(size, float(exponent), rng) * LEVEL * 10 ** (level_db / 20)
                waves[f"{colour} noise {level_db:+d} dB, {duration_s} s"] = noise.clamp(-1, 1)
    return waves


def invented_text(base: Any, robust: Any, processor: Any) -> dict[str, dict[str, str]]:
    """What each model writes where nobody speaks: sound to text, empty ones left out."""
    waves = no_speech_waves()
    found = {}
    for name, model in (("base", base), ("robust", robust)):
        texts = transcribe(model, processor, list(waves.values()))
        found[name] = {sound: text for sound, text in zip(waves, texts, strict=True) if text}
    return found


def rate(outcomes: Sequence[Outcome], test_set: str, condition: str, route: str) -> float:
    """Word error rate in percent of one cell of the table."""
    chosen = [o for o in outcomes if o.test_set == test_set and o.condition == condition]
    return word_error_rate([o.reference for o in chosen], [o.text(route) for o in chosen])


def degraded_rate(outcomes: Sequence[Outcome], route: str) -> float:
    """Mean over all sets and all conditions but clean."""
    cells = [rate(outcomes, s, c, route) for s in SETS for c in CONDITIONS if c != "clean"]
    return sum(cells) / len(cells)


def router_accuracy(outcomes: Sequence[Outcome], test_set: str) -> float:
    """Mean of the share of clean clips sent to base and of degraded clips sent to robust, in %."""
    chosen = [o for o in outcomes if o.test_set == test_set]
    shares = []
    for clean in (True, False):
        group = [o for o in chosen if (o.condition == "clean") == clean]
        right = [o for o in group if (o.degraded_probability < THRESHOLD) == clean]
        shares.append(len(right) / len(group))
    return 100.0 * sum(shares) / len(shares)


def save_outcomes(
    outcomes: Sequence[Outcome], invented: dict[str, dict[str, str]], path: Path
) -> None:
    """One JSON file: everything the card's figures are computed from."""
    data = {"outcomes": [asdict(outcome) for outcome in outcomes], "invented_text": invented}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(data, indent=0) + "\n", encoding="utf-8")
    partial.replace(path)


def load_outcomes(path: Path) -> tuple[list[Outcome], dict[str, dict[str, str]]]:
    """Reads what `save_outcomes` wrote."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return [Outcome(**row) for row in data["outcomes"]], data["invented_text"]
