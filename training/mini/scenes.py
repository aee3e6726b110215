"""What the adapter and the router train on: clips as the simulator's 54 scenarios leave them.

They are made once, and kept as a corpus: its clips have the scenario's name as their `kind`, and
its severity.
"""

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from torch import Tensor

from training.mini.corpus import Clip, Corpus, store_job
from training.mini.examples import Example, Mixture, Pools, joined_wave
from training.mini.speak import SAMPLE_RATE
from training.simulate.effect import Materials
from training.simulate.materials import FileMaterials
from training.simulate.mix import Mix
from training.simulate.plan import draw, render
from training.simulate.rooms import RoomBank
from training.simulate.scenarios import SCENARIOS, Scenario

CLEAN_SHARE = 0.22
EVEN_SHARE = 0.75  # of the others are drawn from the 54 evenly, the rest as the paper mixes them
TALKERS = 40
UTTERANCES = 4  # of each, for babble
_MIXTURE = Mixture(joined_share=0.2, noise_share=0.0)


@dataclass(frozen=True, slots=True)
class Scene:
    """A scenario at a severity in [0, 1], with the seed of everything else that is drawn."""

    scenario: Scenario
    severity: float
    seed: int

    def heard(self, wave: Tensor, materials: Materials) -> Tensor:
        """(samples,) float32 at 16 kHz, as it arrives; as long as before."""
        plan = draw(self.scenario, self.severity, self.seed, materials)
        return torch.from_numpy(render(plan, wave.numpy(), materials).wave)


def draw_scene(rng: np.random.Generator, mix: Mix) -> Scene:
    """One of the mix; every severity alike."""
    choice = mix.draw(rng)
    drawn = choice.scenario
    if drawn.parts and rng.random() < EVEN_SHARE:
        drawn = SCENARIOS[int(rng.integers(len(SCENARIOS)))]
    return Scene(drawn, choice.severity, int(rng.integers(2**32)))


def mini_materials(corpus: Corpus, folder: Path) -> Materials:
    """Rooms, textures, and babble of some training voices; kept in `folder`.

    Not for two processes at once before it was called by one.
    """
    speech = folder / "speech"
    if not speech.exists():
        partial = folder / "speech.partial"
        partial.mkdir(parents=True, exist_ok=True)
        by_voice: dict[str, list[Clip]] = {}
        for clip in corpus.split("train"):
            by_voice.setdefault(clip.voice, []).append(clip)
        for talker, clips in enumerate(list(by_voice.values())[:TALKERS]):
            for number, clip in enumerate(clips[:UTTERANCES]):
                path = partial / f"{talker:02d}-{number}.flac"
                sf.write(path, corpus.wave(clip).numpy(), SAMPLE_RATE)
        partial.rename(speech)
    return FileMaterials(RoomBank.cached(folder), speech_root=speech, cache=folder)


def materials_beside(folder: Path) -> Path:
    """Where the materials of the scenes in a folder are."""
    return folder.with_name("materials")


@dataclass(frozen=True, slots=True)
class _Job:
    source: Path
    folder: Path
    materials: Path
    number: int
    split: str
    seed: int


def make_scenes(source: Path, folder: Path, pools: int, seed: int, processes: int) -> None:
    """So many pools of training clips, and the development clips, into a corpus in `folder`.

    Jobs that are already there are left alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    materials = materials_beside(folder)
    mini_materials(Corpus(source), materials)
    splits = ["train"] * pools + ["dev"]
    jobs = [
        _Job(source, folder, materials, number, split, seed)
        for number, split in enumerate(splits)
        if not (folder / f"job_{number:04d}.json").exists()
    ]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for done, number in enumerate(pool.imap_unordered(_make_job, jobs), start=1):
            print(f"scenes: job {number} done, {done} of {len(jobs)}", flush=True)


def _make_job(job: _Job) -> int:
    torch.set_num_threads(1)
    corpus = Corpus(job.source)
    materials = mini_materials(corpus, job.materials)
    rng = np.random.default_rng((job.seed, job.number))
    examples: Sequence[Example]
    if job.split == "dev":
        examples = [Example((clip,), (0.1, 0.1)) for clip in corpus.split("dev")]
        mix = Mix()
    else:
        pool = Pools(corpus.split("train"), job.seed).batches(job.number, _MIXTURE)
        examples = [example for batch in pool for example in batch]
        mix = Mix(clean_share=CLEAN_SHARE)
    scenes = [draw_scene(rng, mix) for _ in examples]
    waves = [
        scene.heard(joined_wave(corpus, example), materials).numpy()
        for example, scene in zip(examples, scenes, strict=True)
    ]
    clips = [
        _clip(example, scene, job.split) for example, scene in zip(examples, scenes, strict=True)
    ]
    store_job(job.folder, job.number, clips, waves)
    return job.number


def _clip(example: Example, scene: Scene, split: str) -> Clip:
    phones = [phone for clip in example.clips for phone in clip.phones]
    first = example.clips[0]
    return Clip(
        example.text, split, scene.scenario.name, first.voice, phones, severity=scene.severity
    )
