"""Degraded copies of a run's clips, made as the simulator makes them, each of them once."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import platformdirs

from engine.audio import load
from engine.samples import SAMPLE_RATE_HZ
from training.data import Example
from training.finetune.config import DataConfig
from training.finetune.context import Context
from training.finetune.errors import storage_error
from training.finetune.events import CopiesMade
from training.finetune.interrupt import obey
from training.finetune.run import Run
from training.simulate import (
    SCENARIOS,
    Materials,
    Mix,
    draw,
    open_materials,
    render,
    scenario,
)
from training.simulate.outputs import encoded

_TOLD_EVERY = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """A copy that somebody wants.

    Attributes:
        of: a clip that is not degraded.
        number: tells the copies of one clip in one scenario apart.
        scenario: one of the 54; "" for one that is drawn as in the paper.
    """

    of: Example
    number: int
    scenario: str = ""

    @property
    def key(self) -> str:
        """Its name, 16 hexadecimal digits."""
        words = f"{self.of.id} {self.number} {self.scenario}"
        return hashlib.sha256(words.encode()).hexdigest()[:16]


def degraded(example: Example) -> bool:
    """The clip says that something was done to it."""
    return example.scenario not in ("", "clean")


def marked(clips: Iterable[Example], data: DataConfig) -> list[Example]:
    """The clips, with those that do not say what was done to them marked as the run says."""
    if data.unmarked == "own":
        return list(clips)
    return [clip if clip.scenario else replace(clip, scenario="clean") for clip in clips]


def with_copies(
    clips: Iterable[Example], copies: int, most: int
) -> tuple[list[Example], list[Wanted]]:
    """Clips, and copies in drawn scenarios of those that are not degraded; always the same ones.

    Args:
        clips: to choose from.
        copies: of each.
        most: clips and copies together.
    """
    chosen: list[Example] = []
    wanted: list[Wanted] = []
    for clip in sorted(clips, key=lambda clip: clip.sha256):
        own = [] if degraded(clip) else [Wanted(clip, number) for number in range(copies)]
        if len(chosen) + len(wanted) + 1 + len(own) > most:
            break
        chosen.append(clip)
        wanted += own
    return chosen, wanted


def scenario_copies(clips: Iterable[Example], each: int) -> list[Wanted]:
    """So many copies in each scenario, of the clips in turn; degraded ones are passed over."""
    good = sorted((c for c in clips if not degraded(c)), key=lambda clip: clip.sha256)
    if not good:
        return []
    return [
        Wanted(good[(place * each + number) % len(good)], number, known.name)
        for place, known in enumerate(SCENARIOS)
        for number in range(each)
    ]


def copied(
    run: Run, context: Context, wanted: Sequence[Wanted], materials: Materials | None = None
) -> list[Example]:
    """Makes the copies that are not there yet; what a copy is, its clip and the run's seed say.

    A copy is on the same side as its clip, and has its words and its speaker.

    Args:
        run: the run; they go into its folder ``copies``.
        context: of the stage.
        wanted: the copies.
        materials: rooms and noises; by default the built-in ones, and ``[data] noise``.

    Returns:
        The copies in their order.

    Raises:
        InterruptedStage: someone wants something else; what is made stays.
        AudioError, SimulationError: a clip or a noise cannot be used any more.
        StorageError: the copies cannot be written.
    """
    known = _known(run)
    missing = [one for one in wanted if one.key not in known]
    if missing and materials is None:
        cache = platformdirs.user_cache_path("wildscribe", appauthor=False) / "rooms"
        noise = run.config.data.noise
        materials = open_materials(cache, noise=Path(noise) if noise else None)
    for done, one in enumerate(missing, start=1):
        obey(context)
        assert materials is not None
        known[one.key] = _made(run, one, materials)
        if done % _TOLD_EVERY == 0 or done == len(missing):
            context.emit(CopiesMade(context.stage, done, len(missing)))
    return [known[one.key] for one in wanted]


def _made(run: Run, one: Wanted, materials: Materials) -> Example:
    name = (run.config.seed, int(one.key, 16))
    choice = Mix().draw(np.random.default_rng(name))
    of = scenario(one.scenario) if one.scenario else choice.scenario
    plan = draw(of, choice.severity, name, materials)
    wave = render(plan, load(one.of.audio), materials).wave
    path = run.copies / f"{one.key}.flac"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(wave, "flac"))
        samples = load(path)
        made = replace(
            one.of,
            audio=path,
            speaker=one.of.speaker or one.of.id,
            scenario=of.name,
            severity=choice.severity,
            wer=None,
            duration_s=len(samples) / SAMPLE_RATE_HZ,
            sha256=hashlib.sha256(samples.tobytes()).hexdigest(),
        )
        # Its line makes it whole: a file without one is written again.
        with run.copies_file.open("a", encoding="utf-8", newline="\n") as file:
            row = {"key": one.key, **made.to_row()}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    except OSError as error:
        raise storage_error(error) from error
    return made


def _known(run: Run) -> dict[str, Example]:
    if not run.copies_file.exists():
        return {}
    rows = map(json.loads, run.copies_file.read_bytes().splitlines())
    return {row["key"]: Example.from_row(row) for row in rows}
