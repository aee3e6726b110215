"""What the model is tested on: held-out clips, in stated conditions and in the 54 scenarios."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.mini.corpus import Corpus
from training.mini.degrade import COLOURS, Damage, coloured_noise, damaged
from training.mini.examples import Example, joined_wave, speech_source
from training.mini.scenes import Scene, mini_materials
from training.mini.speak import LEVEL, SAMPLE_RATE
from training.simulate.scenarios import SCENARIOS

LONGEST_JOINED_S = 20.0
CONDITIONS = (
    "clean", "noise 10 dB", "noise 5 dB", "noise 0 dB", "reverb", "reverb + noise 10 dB"
)  # fmt: skip
SETS = ("known voices", "never-heard voices", "joined up to 20 s", "random words")
SCENARIO_SET = "scenarios"


@dataclass(frozen=True, slots=True)
class Case:
    """One clip of a test set as it is to be heard."""

    test_set: str
    condition: str
    example: Example
    wave: Tensor
    severity: float = 0.0


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


def condition_cases(corpus: Corpus, condition: str) -> Iterator[Case]:
    """Every clip of every set under one of `CONDITIONS`."""
    rng = random.Random(condition)
    speech = speech_source(corpus, rng)
    examples = [(name, example) for name, group in test_sets(corpus).items() for example in group]
    for index, (name, example) in enumerate(examples):
        damage = condition_damage(condition, index, rng)
        wave = damaged(joined_wave(corpus, example), damage, speech, rng)
        yield Case(name, condition, example, wave)


def scenario_cases(
    corpus: Corpus, folder: Path, per_scenario: int, part: int, parts: int
) -> Iterator[Case]:
    """Sentences of known voices in every scenario, at evenly spaced severities.

    It is one of so many parts of them. `folder` keeps what the simulator needs.
    """
    materials = mini_materials(corpus, folder)
    examples = test_sets(corpus)[SETS[0]]
    for number in range(part, len(SCENARIOS) * per_scenario, parts):
        scenario = SCENARIOS[number // per_scenario]
        severity = (number % per_scenario + 0.5) / per_scenario
        example = examples[number % len(examples)]
        wave = Scene(scenario, severity, number).heard(joined_wave(corpus, example), materials)
        yield Case(SCENARIO_SET, scenario.name, example, wave, severity)


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
