"""One shard of a set: a function of the set's folder and a number, whoever calls it.

What it needs lies in the folder, so that a process, or another machine that sees the same disk,
needs to be told nothing else. The manifest of the shard is written last: it says that the rest is
there.
"""

from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import cycle
from pathlib import Path

import numpy as np

from engine.errors import AudioError, StorageError
from training.data import Problem, ProblemKind
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.errors import MaterialError, SourceError
from training.simulate.files import json_line, replaced
from training.simulate.manifest import SimulatedClip
from training.simulate.materials import FileMaterials
from training.simulate.outputs import OUTPUTS
from training.simulate.plan import draw, open_materials, render
from training.simulate.settings import Settings, read_settings
from training.simulate.sources import Source, open_source, order, read_sources

SHARDS, SOURCES = "shards", "sources.jsonl"

_MOST_ATTEMPTS = 20
"""Of making a clip, beside one for each source: noises may be damaged, too."""


@dataclass(frozen=True, slots=True, eq=False)
class Workshop:
    """What all shards of a set share."""

    settings: Settings
    sources: tuple[Source, ...]
    materials: FileMaterials


def manifest_of(folder: Path, shard: int) -> Path:
    """Where the manifest of a shard is when the shard is done."""
    return folder / SHARDS / f"{shard:05}.jsonl"


def make_shard(folder: str, shard: int) -> int:
    """Makes one shard, whatever was there of it.

    Args:
        folder: of the set, settled.
        shard: its number.

    Returns:
        How many clips were made.

    Raises:
        SourceError: no source at all can be used.
        SimulationError: a codec is missing on this machine.
        StorageError: it can't be written.
    """
    out = Path(folder)
    workshop = open_workshop(out)
    problems: list[Problem] = []
    lines = []
    try:
        with OUTPUTS[workshop.settings.format](out, shard) as output:
            for index in workshop.settings.clips_of(shard):
                clip, wave = make_clip(workshop, index, output.place(index), problems)
                output.write(clip, wave)
                lines.append(json_line(clip.to_json()))
        manifest = manifest_of(out, shard)
        manifest.parent.mkdir(exist_ok=True)
        with replaced(manifest.with_suffix(".problems")) as file:
            file.writelines(json_line(asdict(problem)) for problem in problems)
        with replaced(manifest) as file:
            file.writelines(lines)
    except OSError as error:
        raise StorageError(
            f"Shard {shard} can't be written to {out}: {error.strerror or error}.",
            "Finished shards are kept.",
            "Make room on the disk and give the same command again; it goes on where it stopped.",
        ) from error
    return len(lines)


def make_clip(
    workshop: Workshop, index: int, audio: str, problems: list[Problem]
) -> tuple[SimulatedClip, Wave]:
    """Clip number `index` of a set; a function of the settings and the list of sources.

    A source, or a noise, that can't be used is added to `problems`, and the clip is tried again
    with the next source and other numbers.

    Raises:
        SourceError: that does not help.
    """
    settings, materials = workshop.settings, workshop.materials
    choice = settings.mix.draw(np.random.default_rng((settings.seed, index)))
    numbers = cycle(order(settings.seed, index, len(workshop.sources)))
    attempts = range(len(workshop.sources) + _MOST_ATTEMPTS)
    for attempt, number in zip(attempts, numbers, strict=False):
        source = workshop.sources[number]
        own = (settings.seed, index, attempt) if attempt else (settings.seed, index)
        try:
            clean = open_source(settings.clean, source)
            plan = draw(choice.scenario, choice.severity, own, materials, speed=choice.speed)
            rendered = render(plan, clean, materials)
        except (AudioError, StorageError, SourceError) as error:
            problems.append(Problem(ProblemKind.UNREADABLE, source.audio, error.what))
        except MaterialError as error:
            problems.append(Problem(ProblemKind.UNREADABLE, "noise", error.what))
        else:
            clip = SimulatedClip(
                index=index,
                audio=audio,
                duration_s=len(rendered.wave) / SAMPLE_RATE,
                source=source.audio,
                text=source.text,
                language=source.language,
                speaker=source.speaker,
                plan=plan,
                sampling=settings.mix.sampling,
                seed=settings.seed,
                attempt=attempt,
                measured=rendered.measured,
                gain_db=rendered.gain_db,
                version=settings.version,
                bank=settings.bank,
            )
            return clip, rendered.wave
    raise SourceError(
        f"No clean clip could be used for clip {index}; the last problem: {problems[-1]}",
        "Finished shards are kept.",
        "Check the folder of clean clips.",
    )


def open_workshop(folder: Path) -> Workshop:
    """What is needed to make clips of a set, kept for the next shard of the same set."""
    return _workshop(folder, read_settings(folder))


@lru_cache(maxsize=1)
def _workshop(folder: Path, settings: Settings) -> Workshop:
    sources = read_sources(folder / SOURCES)
    return Workshop(settings, sources, materials_of(settings))


def materials_of(settings: Settings) -> FileMaterials:
    """The rooms and sounds of a set."""
    speech_root = settings.clean if settings.speech else None
    return open_materials(
        settings.rooms, noise=settings.noise, speech_root=speech_root, speech=settings.speech
    )
