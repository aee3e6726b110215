"""What the rows learn from and are tested on, made from nothing but the engines that speak.

::

    script.json      sentences with their voices
    unharmed.json    clean sentences that nothing is made of
    corpus/          as they were spoken
    unharmed/        likewise
    clean/           the same as files, and a list of each split
    rooms/           what the simulator needs
    train/           degraded clips to learn from, each with the base model's WER
    held_out/        degraded clips by which adapters are chosen
    test/            degraded and clean clips by which rows are judged
    sft.jsonl        clips of the supervised rows, and the held-out ones
    rl.jsonl         clips of reinforcement learning, and the held-out ones
    test.jsonl       test clips, the held-out ones, and the clean ones that nothing is made of
"""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import soundfile as sf

from engine.audio import load
from training.data.example import HELD_OUT as HELD_OUT_SPLIT
from training.data.example import TRAIN
from training.evaluate import EvaluationClip, Group
from training.mini.corpus import (
    Corpus,
    Line,
    Sizes,
    load_script,
    save_script,
    synthesise,
    texts,
)
from training.mini.recipe import SEED as MINI_SEED
from training.mini.sample import SENTENCES
from training.mini.speak import SAMPLE_RATE
from training.mini.text import normal, sentences
from training.mini.voices import HELD_OUT, Manner, manner, trained_voice
from training.proof.plan import CLEAN_SHARE, RL_LIMIT, SEED, TEST_EDITION, Plan, TrialSizes
from training.simulate.files import json_line, replaced
from training.simulate.finish import MANIFEST, Measure
from training.simulate.learnability import hearing, measure_shard
from training.simulate.manifest import SimulatedClip, read_manifest
from training.simulate.mix import Mix
from training.simulate.plan import draw, open_materials, render
from training.simulate.run import prepare, simulate
from training.simulate.scenarios import ATOMIC, CLEAN, SCENARIOS, Scenario, scenario
from training.simulate.settings import read_settings
from training.simulate.sources import babblers, find_sources

TRAIN_SET, HELD_OUT_SET, UNHARMED = "train", "held_out", "unharmed"
SFT, RL, TEST = "sft.jsonl", "rl.jsonl", "test.jsonl"

CORPORA = {"script.json": "corpus", "unharmed.json": "unharmed"}
"""Script -> corpus."""

_SPLITS = {
    "train": TRAIN_SET,
    "dev": HELD_OUT_SET,
    "known": "test",
    "unheard": "test",
    UNHARMED: UNHARMED,
}
"""Split of a corpus -> folder of its clean clips."""


def write_script(work: Path, plan: Plan) -> None:
    """Sentences that neither mini nor another split has, with their voices; in two scripts."""
    mini = [one.text for _, made in texts(plan.mini, MINI_SEED, SENTENCES) for one in made]
    sizes = Sizes(
        train=plan.train_sentences,
        practised=0,
        dev=plan.held_out_sentences,
        known=plan.tests.clean - plan.tests.never_heard,
        unheard=plan.tests.never_heard,
        random=0,
        joined=0,
    )
    rng = random.Random(SEED)
    lines = [
        Line(one.text, split, one.kind, [], _manner(split, number, rng))
        for split, made in texts(sizes, SEED, [*mini, *SENTENCES])
        for number, one in enumerate(made)
    ]
    save_script(lines, work / "script.json")
    taken = frozenset(map(normal, (*mini, *SENTENCES, *(line.text for line in lines))))
    unharmed = [
        Line(one.text, UNHARMED, one.kind, [], _manner(UNHARMED, number, rng))
        for number, one in enumerate(sentences(plan.unharmed_sentences, 0.0, SEED + 100, taken))
    ]
    save_script(unharmed, work / "unharmed.json")


def speak(work: Path, processes: int) -> None:
    """Speaks every sentence; jobs that are done are left alone."""
    for name, corpus in CORPORA.items():
        synthesise(load_script(work / name), work / corpus, processes)


def write_clean(work: Path) -> None:
    """The spoken sentences as files, and a list of each split."""
    rows: dict[str, list[dict[str, Any]]] = {folder: [] for folder in _SPLITS.values()}
    for corpus in (Corpus(work / name) for name in CORPORA.values()):
        for clip in corpus.clips:
            folder = _SPLITS[clip.split]
            name = f"{folder}/{len(rows[folder]):05}.flac"
            path = work / "clean" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            sf.write(path, corpus.wave(clip).numpy(), SAMPLE_RATE)
            rows[folder].append(
                {"audio": name, "text": clip.text, "language": "en", "speaker": clip.voice}
            )
    for folder, found in rows.items():
        _write(work / "clean" / f"{folder}.jsonl", found)


def degrade(work: Path, plan: Plan, processes: int) -> None:
    """The clips to learn from and the held-out ones, as the paper mixes them."""
    for number, (name, count) in enumerate(
        ((TRAIN_SET, plan.train_clips), (HELD_OUT_SET, plan.held_out_clips))
    ):
        settings, sources = prepare(
            work / "clean" / f"{name}.jsonl",
            work / "rooms",
            count=count,
            seed=SEED + number,
            mix=Mix(clean_share=CLEAN_SHARE),
        )
        simulate(work / name, settings, sources, workers=processes)


def measure_part(work: Path, model: str, part: int, parts: int) -> None:
    """One of so many parts of what the base model hears in the clips to learn from."""
    hear = hearing(model)
    folder = work / TRAIN_SET
    for shard in range(part, read_settings(folder).shards, parts):
        measure_shard(folder, shard, model, hear)


def write_data(work: Path, plan: Plan) -> None:
    """The clips of the runs. Every WER was measured before, once for all runs."""
    settings, sources = prepare(
        work / "clean" / f"{TRAIN_SET}.jsonl",
        work / "rooms",
        count=plan.train_clips,
        seed=SEED,
        mix=Mix(clean_share=CLEAN_SHARE),
    )
    simulate(work / TRAIN_SET, settings, sources, measure=Measure(plan.model, hearing(plan.model)))
    train = list(_rows(work, TRAIN_SET, TRAIN))
    held_out = list(_rows(work, HELD_OUT_SET, HELD_OUT_SPLIT))
    _write(work / SFT, [*train, *held_out])
    teaching = [row for row in train if 0.0 < row["wer"] < RL_LIMIT]
    _write(work / RL, [*teaching[: plan.rl_clips], *held_out])


def cases(sizes: TrialSizes) -> list[tuple[Scenario, float]]:
    """Scenario and severity of each degraded test clip; severities evenly from easy to hard."""
    wanted = [([scenario(name)], sizes.condition) for name in ATOMIC]
    for count in range(2, 6):
        several = [known for known in SCENARIOS if len(known.parts) == count]
        wanted.append((several, max(1, round(sizes.effects / len(several)))))
    return [
        (known, (level + 0.5) / levels)
        for group, levels in wanted
        for known in group
        for level in range(levels)
    ]


def write_tests(work: Path, plan: Plan) -> None:
    """Test clips, clean and degraded, and the list of all that is to be heard.

    Their rooms, noises and babble are others than those of all training, mini's own included.
    """
    babble = find_sources(work / "clean" / f"{HELD_OUT_SET}.jsonl", "en")
    materials = open_materials(
        work / "rooms", speech_root=babble.root, speech=babblers(babble), edition=TEST_EDITION
    )
    clean = _read(work / "clean" / "test.jsonl")
    random.Random(SEED).shuffle(clean)
    wanted = [(CLEAN, 0.0) for _ in clean] + cases(plan.tests)
    (work / "test").mkdir(exist_ok=True)
    clips = []
    for number, (known, severity) in enumerate(wanted):
        spoken = clean[number % len(clean)]
        drawn = draw(known, severity, (SEED, number), materials)
        wave = render(drawn, load(work / "clean" / spoken["audio"]), materials).wave
        path = work / "test" / f"{number:05}.flac"
        sf.write(path, wave, SAMPLE_RATE)
        clips.append(
            EvaluationClip(
                id=f"test-{number:05}",
                audio=path,
                text=spoken["text"],
                group=Group.DEGRADED if known.parts else Group.CLEAN,
                conditions=known.parts,
                severity=severity,
                speaker=spoken["speaker"],
                duration_s=len(wave) / SAMPLE_RATE,
            )
        )
    held_out = [
        EvaluationClip(
            id=f"held-{clip.index:05}",
            audio=work / HELD_OUT_SET / clip.audio,
            text=clip.text or "",
            group=Group.DEGRADED if clip.plan.scenario.parts else Group.CLEAN,
            conditions=clip.plan.scenario.parts,
            severity=clip.plan.severity,
            speaker=clip.source,
            duration_s=clip.duration_s,
        )
        for clip in read_manifest(work / HELD_OUT_SET / MANIFEST)
    ]
    unharmed = [
        EvaluationClip(
            id=f"{UNHARMED}-{number:05}",
            audio=work / "clean" / spoken["audio"],
            text=spoken["text"],
            group=Group.CLEAN,
            speaker=spoken["speaker"],
            duration_s=sf.info(work / "clean" / spoken["audio"]).duration,
        )
        for number, spoken in enumerate(_read(work / "clean" / f"{UNHARMED}.jsonl"))
    ]
    rows = [asdict(clip) | {"audio": str(clip.audio)} for clip in (*clips, *held_out, *unharmed)]
    _write(work / TEST, rows)


@dataclass(frozen=True, slots=True)
class Trials:
    """All that is heard.

    Attributes:
        tests: by which rows are judged.
        held_out: degraded as those that are learnt from, by which adapters are chosen.
        unharmed: clean sentences, to see whether what could ship does harm to any.
    """

    tests: tuple[EvaluationClip, ...]
    held_out: tuple[EvaluationClip, ...]
    unharmed: tuple[EvaluationClip, ...]

    @property
    def all(self) -> tuple[EvaluationClip, ...]:
        """Of every kind."""
        return (*self.tests, *self.held_out, *self.unharmed)


def read_trials(work: Path) -> Trials:
    """The clips that are heard."""
    clips = [
        EvaluationClip(
            **row
            | {
                "audio": Path(row["audio"]),
                "group": Group(row["group"]),
                "conditions": tuple(row["conditions"]),
            }
        )
        for row in _read(work / TEST)
    ]

    def named(prefix: str) -> tuple[EvaluationClip, ...]:
        return tuple(clip for clip in clips if clip.id.startswith(prefix))

    return Trials(named("test-"), named("held-"), named(f"{UNHARMED}-"))


def is_never_heard(clip: EvaluationClip) -> bool:
    """Whether mini was never trained on the voice of a test clip."""
    return clip.speaker in {voice.name for voice in HELD_OUT}


def _manner(split: str, number: int, rng: random.Random) -> Manner:
    voice = HELD_OUT[number % len(HELD_OUT)] if split == "unheard" else trained_voice(rng)
    return manner(voice, rng)


def _rows(work: Path, name: str, split: str) -> Iterator[dict[str, Any]]:
    """Records for `training.data`."""
    clip: SimulatedClip
    for clip in read_manifest(work / name / MANIFEST):
        yield {
            "audio": str(work / name / clip.audio),
            "text": clip.text,
            "language": clip.language,
            "speaker": f"{name}/{clip.source}",
            "scenario": clip.plan.scenario.name,
            "severity": clip.plan.severity,
            "wer": clip.wer,
            "split": split,
        }


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with replaced(path) as file:
        file.writelines(map(json_line, rows))


def _read(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
