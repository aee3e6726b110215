"""The synthesised corpus on disk: made in jobs by several processes, read through memory maps.

A job is a JSON list of clips beside two flat arrays: int16 waves and float16 log-mel frames. A job
whose JSON exists is finished, which is all that resuming needs.
"""

import json
import multiprocessing
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.mini import speak
from training.mini.features import BANDS, log_mel
from training.mini.text import Sentence, normal, sentences
from training.mini.voices import HELD_OUT, Manner, Voice, manner, practised_voice, trained_voice

JOB_SIZE = 300
_FULL_SCALE = 32767
JOINED = 4  # sentences of one voice in a row, for the test of joined speech


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence to be spoken: its phones and the voice."""

    text: str
    split: str
    kind: str
    phones: list[str]
    manner: Manner


@dataclass(frozen=True, slots=True)
class Clip:
    """Some speech; `start_hop` is its place in the arrays of its job, in 10 ms hops.

    `severity`, in [0, 1], is how badly it is degraded.
    """

    text: str
    split: str
    kind: str
    voice: str
    phones: list[str]
    job: int = 0
    start_hop: int = 0
    hops: int = 0
    severity: float = 0.0

    @property
    def duration_s(self) -> float:
        return self.hops * speak.HOP / speak.SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many sentences of each split are made.

    `practised` are further sentences of the training split, more of them by voices that are hard
    to understand.
    """

    train: int = 32_000
    practised: int = 60_000
    dev: int = 60
    known: int = 300
    unheard: int = 150
    random: int = 150
    joined: int = 240


def texts(
    sizes: Sizes, seed: int, kept_out: Sequence[str] = ()
) -> list[tuple[str, list[Sentence]]]:
    """Split and sentences, tests first, so that no training sentence can equal one.

    Nor can any be one of `kept_out`. The last of the training splits is the practised one.
    """
    plans = [
        ("dev", sizes.dev, 0.0), ("known", sizes.known, 0.0), ("unheard", sizes.unheard, 0.0),
        ("random", sizes.random, 1.0), ("joined", sizes.joined, 0.0),
        ("train", sizes.train, 0.3), ("train", sizes.practised, 0.2),
    ]  # fmt: skip
    taken = frozenset(normal(text) for text in kept_out)
    written = []
    for number, (split, count, random_share) in enumerate(plans):
        made = sentences(count, random_share, seed + number, taken)
        taken |= {normal(sentence.text) for sentence in made}
        written.append((split, made))
    return written


def script(sizes: Sizes, seed: int, kept_out: Sequence[str] = ()) -> list[Line]:
    """Every sentence of `texts` with its phones and its voice."""
    rng = random.Random(seed)
    written = texts(sizes, seed, kept_out)
    lines = list[Line]()
    for number, (split, made) in enumerate(written):
        spoken = speak.phones([sentence.text for sentence in made])
        for index, (sentence, phones) in enumerate(zip(made, spoken, strict=True)):
            if split == "unheard":
                how = manner(HELD_OUT[index % len(HELD_OUT)], rng)
            elif split == "joined" and index % JOINED:
                how = lines[-1].manner
            elif number == len(written) - 1:
                how = manner(practised_voice(rng), rng)
            else:
                how = manner(trained_voice(rng), rng)
            lines.append(Line(sentence.text, split, sentence.kind, phones, how))
    return lines


def save_script(lines: Sequence[Line], path: Path) -> None:
    """Write the script as JSON, whole or not at all."""
    _write_json(path, [asdict(line) for line in lines])


def load_script(path: Path) -> list[Line]:
    """Read what `save_script` wrote."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [
        Line(
            row["text"], row["split"], row["kind"], row["phones"],
            Manner(Voice(**row["manner"].pop("voice")), **row["manner"]),
        )
        for row in rows
    ]  # fmt: skip


def _write_json(path: Path, data: object) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(data), encoding="utf-8")
    partial.replace(path)


def _job_paths(folder: Path, job: int) -> tuple[Path, Path, Path]:
    stem = f"job_{job:04d}"
    return folder / f"{stem}.json", folder / f"{stem}.wave.npy", folder / f"{stem}.mel.npy"


def _heard(stored: npt.NDArray[np.int16]) -> Tensor:
    return torch.from_numpy(stored.astype(np.float32) / _FULL_SCALE)


def store_job(folder: Path, job: int, clips: Sequence[Clip], waves: Sequence[speak.Wave]) -> None:
    """Adds one job to a corpus; each wave a whole number of hops, its place noted in its clip."""
    index_path, wave_path, mel_path = _job_paths(folder, job)
    rows, start_hop = [], 0
    for clip, wave in zip(clips, waves, strict=True):
        hops = len(wave) // speak.HOP
        rows.append(asdict(replace(clip, job=job, start_hop=start_hop, hops=hops)))
        start_hop += hops
    stored = [np.round(wave * _FULL_SCALE).astype(np.int16) for wave in waves]
    mels = [log_mel(_heard(wave)).T.half().numpy() for wave in stored]
    np.save(mel_path, np.concatenate(mels))
    np.save(wave_path, np.concatenate(stored))
    _write_json(index_path, rows)


def write_job(folder: Path, job: int, lines: Sequence[Line], waves: Sequence[speak.Wave]) -> None:
    """Adds lines as they were spoken."""
    clips = [
        Clip(line.text, line.split, line.kind, line.manner.voice.name, line.phones)
        for line in lines
    ]
    store_job(folder, job, clips, waves)


def _make_job(task: tuple[Path, int, list[Line]]) -> int:
    folder, job, lines = task
    torch.set_num_threads(1)
    waves = speak.speak([line.text for line in lines], [line.manner for line in lines])
    write_job(folder, job, lines, waves)
    return job


def synthesise(lines: Sequence[Line], folder: Path, processes: int = 2) -> None:
    """Speak every line into `folder`; jobs that are already there are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, len(lines), JOB_SIZE)
    tasks = [
        (folder, job, list(lines[start : start + JOB_SIZE]))
        for job, start in enumerate(starts)
        if not _job_paths(folder, job)[0].exists()
    ]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for done, job in enumerate(pool.imap_unordered(_make_job, tasks), start=1):
            print(f"synthesis: job {job} done, {done} of {len(tasks)}", flush=True)


class Corpus:
    """The finished corpus: clips by split, their log-mel frames and waves."""

    def __init__(self, folder: Path) -> None:
        self._waves: list[npt.NDArray[np.int16]] = []
        self._mels: list[npt.NDArray[np.float16]] = []
        self.clips: list[Clip] = []
        for job in range(len(list(folder.glob("job_*.json")))):
            index_path, wave_path, mel_path = _job_paths(folder, job)
            self.clips += [Clip(**row) for row in json.loads(index_path.read_text("utf-8"))]
            self._waves.append(np.load(wave_path, mmap_mode="r"))
            self._mels.append(np.load(mel_path, mmap_mode="r"))
        self._splits: dict[str, list[Clip]] = {}
        for clip in self.clips:
            self._splits.setdefault(clip.split, []).append(clip)

    def split(self, name: str) -> list[Clip]:
        """The clips of one split, in their order."""
        return self._splits.get(name, [])

    def joined(self) -> Iterator[list[Clip]]:
        """The test of joined speech: `JOINED` clips of one voice at a time."""
        clips = self.split("joined")
        for start in range(0, len(clips) - JOINED + 1, JOINED):
            yield clips[start : start + JOINED]

    def mel(self, clip: Clip) -> Tensor:
        """(128, frames) float32, scaled, without the floor."""
        frames = self._mels[clip.job][clip.start_hop : clip.start_hop + clip.hops]
        return torch.from_numpy(frames.astype(np.float32)).T.reshape(BANDS, clip.hops)

    def wave(self, clip: Clip) -> Tensor:
        """(samples,) float32 at 16 kHz."""
        start = clip.start_hop * speak.HOP
        samples = self._waves[clip.job][start : start + clip.hops * speak.HOP]
        return _heard(samples)
