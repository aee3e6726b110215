"""Stage 6: the card, a template filled from the saved outputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.mini.cases import CONDITIONS, SCENARIO_SET, SETS
from training.mini.evaluate import (
    ROUTES,
    Outcome,
    degraded_rate,
    rate,
    router_accuracy,
    scenario_rate,
)
from training.mini.text import DATA_DIR
from training.mini.voices import HELD_OUT
from training.simulate.scenarios import ATOMIC, SCENARIOS

Invented = dict[str, dict[str, str]]
"""Text written where nobody speaks: model to sound to text."""


@dataclass(frozen=True, slots=True)
class Target:
    """A figure aimed at: `value` is to be at most `limit`, or with `at_least` at least."""

    name: str
    value: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def row(self) -> str:
        sign = "≥" if self.at_least else "≤"
        verdict = "met" if self.met else "**missed**"
        return f"| {self.name} | {sign} {self.limit:g} {self.unit} | {self.value:.2f} | {verdict} |"


def targets(outcomes: Sequence[Outcome], invented: Invented) -> list[Target]:
    """Every target of the recipe with what was reached."""
    known, unheard, joined, random = SETS

    def clean(test_set: str, route: str = "base") -> float:
        return rate(outcomes, test_set, "clean", route)

    base, robust, routed = (degraded_rate(outcomes, route) for route in ROUTES)
    scenes = {route: scenario_rate(outcomes, route) for route in ROUTES}
    saved = 100 * (scenes["base"] - scenes["robust"]) / scenes["base"]
    lost = max(clean(test_set, "routed") - clean(test_set) for test_set in SETS)
    seen = router_accuracy(outcomes, unheard)
    texts = sum(map(len, invented.values()))
    return [
        Target("base, known voices, clean", clean(known), 2, "% WER"),
        Target("base, joined up to 20 s, clean", clean(joined), 4, "% WER"),
        Target("base, never-heard voices, clean", clean(unheard), 15, "% WER"),
        Target("base, random words, clean", clean(random), 40, "% WER"),
        Target("robust below base, mean of degraded", 100 * (base - robust) / base, 30, "%", True),
        Target("routed above base, clean, worst set", lost, 0.5, "points"),
        Target("routed above robust, mean of degraded", 100 * (routed - robust) / robust, 10, "%"),
        Target("robust below base, mean of the 54 scenarios", saved, 30, "%", True),
        Target("router right, never-heard voices", seen, 97, "%", True),
        Target("texts invented where nobody speaks", texts, 0, "texts"),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _rates(outcomes: Sequence[Outcome]) -> str:
    rows = []
    for test_set in SETS:
        clips = sum(o.test_set == test_set and o.condition == "clean" for o in outcomes)
        for route in ROUTES:
            cells = [f"{rate(outcomes, test_set, c, route):.1f}" for c in CONDITIONS]
            rows.append([f"{test_set} ({clips})", route, *cells])
    return _table(["set", "model", *CONDITIONS], rows)


def _scenarios(outcomes: Sequence[Outcome]) -> str:
    groups = [(name, [s for s in SCENARIOS if name in s.parts]) for name in ATOMIC]
    groups += [
        ("one condition" if size == 1 else f"{size} conditions",
         [s for s in SCENARIOS if len(s.parts) == size])
        for size in range(1, 6)
    ]  # fmt: skip
    groups.append(("all", list(SCENARIOS)))
    rows = [
        [f"{name} ({len(group)})", *(f"{scenario_rate(outcomes, r, group):.1f}" for r in ROUTES)]
        for name, group in groups
    ]
    return _table(["scenarios", *ROUTES], rows)


def _per_voice(outcomes: Sequence[Outcome]) -> str:
    rows = []
    for voice in HELD_OUT:
        own = [o for o in outcomes if o.test_set == SETS[1] and o.voice == voice.name]
        rows.append([voice.name, *(f"{rate(own, SETS[1], 'clean', r):.1f}" for r in ROUTES)])
    return _table(["voice", *ROUTES], rows)


def _invented(invented: Invented) -> str:
    lines = [
        f"- {model}, {sound}: {text!r}"
        for model, found in invented.items()
        for sound, text in found.items()
    ]
    return "\n".join(["\nInvented where nobody speaks:\n", *lines]) if lines else ""


def write_card(
    outcomes: Sequence[Outcome], invented: Invented, facts: dict[str, object], path: Path
) -> None:
    """Writes card.md; `facts` fills what the outcomes do not tell (see `data/card.md`)."""
    router = ", ".join(f"{name} {router_accuracy(outcomes, name):.1f} %" for name in SETS)
    rows = [target.row() for target in targets(outcomes, invented)]
    text = (DATA_DIR / "card.md").read_text(encoding="utf-8").format(
        table=_rates(outcomes),
        per_voice=_per_voice(outcomes),
        router=router,
        scenarios=_scenarios(outcomes),
        per_scenario=sum(o.test_set == SCENARIO_SET for o in outcomes) // len(SCENARIOS),
        targets="\n".join(["| figure | target | reached | |", "|---|---|---|---|", *rows]),
        invented=_invented(invented),
        **facts,
    )  # fmt: skip
    path.write_text(text, encoding="utf-8")
