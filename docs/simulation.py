"""Makes the pictures and tables of docs/simulation.md: ``python docs/simulation.py [MODEL]``.

Speaks test sentences of mini with the free engines (see training/mini), sends them through every
condition at ten severities, and lets mini and its router listen. Text between the markers of the
page is replaced; everything else there is written by hand. Some minutes on two cores.
"""

import os
import re
import statistics
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import soundfile as sf
from PySide6.QtGui import QGuiApplication

from docs.spectrogram import draw as picture
from engine.models import located
from engine.recognizer import Recognizer
from engine.router import Router
from training.mini.corpus import Sizes, script
from training.mini.recipe import SEED
from training.mini.sample import SENTENCES
from training.mini.speak import speak
from training.simulate.conditions import CONDITIONS
from training.simulate.effect import SAMPLE_RATE, Materials
from training.simulate.materials import FileMaterials
from training.simulate.plan import draw, render
from training.simulate.rooms import RoomBank
from training.simulate.scenarios import SCENARIOS, caption
from training.simulate.sweep import TEN_LEVELS, Level, Spoken, rank_correlation, sweep

PAGE = Path(__file__).with_name("simulation.md")
PICTURES = Path(__file__).with_name("simulation")
CLIPS = 60
TUNED_ON = 100  # the first clips of the set were listened to while the ranges were chosen
SHOWN = (0.0, 0.25, 0.5, 0.75, 1.0)
UNTOLD = ("seed", "room", "starts_s")  # where in a sound or bank, not how much
DRAWS = 60  # behind each median of the tables of parameters
PICTURED = 0.6


def test_clips() -> list[Spoken]:
    """Sentences of mini's test set of known voices, spoken again."""
    sizes = Sizes(train=1, practised=1, known=TUNED_ON + CLIPS, unheard=1, random=1, joined=1)
    lines = [line for line in script(sizes, SEED, kept_out=SENTENCES) if line.split == "known"]
    lines = lines[TUNED_ON:]
    waves = speak([line.text for line in lines], [line.manner for line in lines])
    return [Spoken(wave, line.text) for wave, line in zip(waves, lines, strict=True)]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, numbers to the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def figures(value: float) -> str:
    """Three of them at most, and whole numbers as such."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def parameters(name: str, materials: Materials) -> str:
    """Medians of the physical parameters, effect by effect, over severity."""
    medians: dict[tuple[str, str], list[str]] = {}
    for severity in SHOWN:
        found: dict[tuple[str, str], list[float]] = {}
        for number in range(DRAWS):
            for effect in draw(name, severity, number, materials).effects:
                for field in fields(effect):  # type: ignore[arg-type]
                    if field.name in UNTOLD:
                        continue
                    name_of, value = f"`{field.name}`", getattr(effect, field.name)
                    if (
                        isinstance(value, tuple)
                        and value
                        and all(isinstance(v, float) for v in value)
                    ):
                        name_of, value = f"largest of {name_of}", max(value)
                    if isinstance(value, int | float):
                        found.setdefault((effect.name, name_of), []).append(float(value))
        for key, values in found.items():
            medians.setdefault(key, []).append(figures(statistics.median(values)))
    rows = [(f"{effect}: {field}", *row) for (effect, field), row in medians.items()
            if len(set(row)) > 1]  # fmt: skip
    return table(("median at severity", *map(str, SHOWN)), rows)


def measured(levels: Mapping[str, Sequence[Level]]) -> str:
    """Router's probability and mini's WER, condition by condition."""
    head = ("", *(f"{severity:.2f}" for severity in TEN_LEVELS), "Spearman")
    rows = []
    for name, steps in levels.items():
        judged = [f"{step.degraded_probability:.2f}" for step in steps]
        rates = [f"{step.word_error_rate:.0%}" for step in steps]
        rows.append((f"{name}: router", *judged, ""))
        rows.append((f"{name}: WER", *rates, f"{rank_correlation(steps):.2f}"))
    return table(head, rows)


def scenarios() -> str:
    """The 54 with their captions."""
    rows = [(f"`{one.name}`", f"`{one.reference_name}`", caption(one)) for one in SCENARIOS]
    return table(("scenario", "in the reference code", "such as"), rows).replace("---:", "---")


def fill(marker: str, text: str) -> None:
    """Puts the text between the markers of the page."""
    page = PAGE.read_text(encoding="utf-8")
    between = re.compile(rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)", re.DOTALL)
    page, count = between.subn(lambda found: f"{found[1]}{text}\n{found[2]}", page)
    if count != 1:
        raise SystemExit(f"{PAGE.name} has no place for {marker}")
    PAGE.write_text(page, encoding="utf-8")


def main() -> None:
    """Pictures, parameters and measurements of all seven conditions."""
    app = QGuiApplication([])
    PICTURES.mkdir(exist_ok=True)
    clips = test_clips()
    folder = located(sys.argv[1] if len(sys.argv) > 1 else "mini")
    assert folder.router is not None
    router, recognizer = Router.load(folder.router), Recognizer.load(folder, "cpu")
    with tempfile.TemporaryDirectory() as scratch:
        for number, clip in enumerate(clips):
            sf.write(Path(scratch) / f"{number:02}.flac", clip.wave, SAMPLE_RATE)
        materials = FileMaterials(RoomBank.cached(Path(scratch)), speech_root=Path(scratch))
        levels = {}
        for name in CONDITIONS:
            before = clips[0].wave
            after = render(draw(name, PICTURED, 1, materials), before, materials).wave
            picture(before, after, f"{name}, severity {PICTURED}", PICTURES / f"{name}.png")
            fill(f"parameters {name}", parameters(name, materials))
            levels[name] = sweep(name, clips, materials, router, recognizer)
            print(name, f"{rank_correlation(levels[name]):.2f}", flush=True)
    fill("measured", measured(levels))
    fill("scenarios", scenarios())
    app.quit()


if __name__ == "__main__":
    main()
