"""Stage 6: every test set under every condition, by base, robust and routed; outputs are kept."""

import json
import multiprocessing
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoProcessor

from engine.router import Router
from training.mini.cases import (
    CONDITIONS,
    SCENARIO_SET,
    SETS,
    condition_cases,
    no_speech_waves,
    scenario_cases,
)
from training.mini.corpus import Corpus
from training.mini.scoring import word_error_rate
from training.mini.transcribe import load_base, load_robust, transcribe
from training.simulate.scenarios import SCENARIOS, Scenario

THRESHOLD = 0.5
ROUTES = ("base", "robust", "routed")
SCENARIO_PARTS = 2


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
    severity: float = 0.0

    @property
    def routed(self) -> str:
        return self.robust if self.degraded_probability >= THRESHOLD else self.base

    def text(self, route: str) -> str:
        return str(getattr(self, route))


@dataclass(frozen=True, slots=True)
class Task:
    """One of `CONDITIONS`, or a part of the scenarios by number; and where everything is."""

    corpus: Path
    out: Path
    materials: Path
    per_scenario: int
    work: str | int
    result: Path


def evaluate(
    corpus: Path,
    out: Path,
    materials: Path,
    results: Path,
    *,
    per_scenario: int,
    processes: int,
) -> list[Outcome]:
    """Every condition and scenario, several at a time; those with a result already are only read.

    Args:
        corpus: the clips.
        out: what ships.
        materials: what the simulator needs, already there.
        results: a folder for the outcomes of each task.
    """
    results.mkdir(exist_ok=True)
    tasks = [
        Task(corpus, out, materials, per_scenario, work, results / f"{work}.json")
        for work in (*CONDITIONS, *range(SCENARIO_PARTS))
    ]
    missing = [task for task in tasks if not task.result.exists()]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for task in pool.imap_unordered(_evaluate, missing):
            print(f"evaluate: {task.work} done", flush=True)
    return [outcome for task in tasks for outcome in load_outcomes(task.result)[0]]


def _evaluate(task: Task) -> Task:
    """Transcribes everything twice; `routed` then takes one of the two by the router's word."""
    torch.set_num_threads(1)
    corpus, processor = Corpus(task.corpus), AutoProcessor.from_pretrained(task.out / "base")
    if isinstance(task.work, str):
        cases = list(condition_cases(corpus, task.work))
    else:
        cases = list(
            scenario_cases(corpus, task.materials, task.per_scenario, task.work, SCENARIO_PARTS)
        )
    waves = [case.wave for case in cases]
    router = Router.load(task.out / "router" / "router.safetensors")
    probabilities = router.probabilities([wave.numpy() for wave in waves])
    base = transcribe(load_base(task.out), processor, waves)
    robust = transcribe(load_robust(task.out), processor, waves)
    outcomes = [
        Outcome(
            test_set=case.test_set,
            condition=case.condition,
            voice=case.example.clips[0].voice,
            duration_s=round(case.example.duration_s, 2),
            reference=case.example.text,
            base=base[index],
            robust=robust[index],
            degraded_probability=round(float(probabilities[index]), 4),
            severity=round(case.severity, 3),
        )
        for index, case in enumerate(cases)
    ]
    save_outcomes(outcomes, {}, task.result)
    return task


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


def scenario_rate(
    outcomes: Sequence[Outcome], route: str, scenarios: Sequence[Scenario] = SCENARIOS
) -> float:
    """Mean over scenarios, each of the same weight."""
    cells = [rate(outcomes, SCENARIO_SET, scenario.name, route) for scenario in scenarios]
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
