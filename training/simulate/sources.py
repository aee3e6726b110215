"""Clean clips: found in a folder or a manifest, dealt out to the clips of a set, and opened."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.audio import load, load_span, probe
from engine.errors import AudioError, StorageError
from engine.languages import LANGUAGES, resolve
from training.data import Problem, ProblemKind
from training.data.example import Example
from training.data.records import SUFFIXES, speaker_of
from training.data.tables import read_jsonl
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.errors import SourceError

SHORTEST_S, LONGEST_S = 0.1, 3600.0

_CODES = {name: code for code, name in LANGUAGES.items()}


@dataclass(frozen=True, slots=True)
class Source:
    """A clean clip.

    Attributes:
        audio: its file with "/", relative to the root of its `Sources`; absolute if outside.
        text: what is said; None where nobody knows.
        language: ISO code.
        speaker: who speaks; "" where nobody knows.
    """

    audio: str
    text: str | None
    language: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Sources:
    """What was found: clean clips in a stable order, and what could not become one."""

    root: Path
    clips: tuple[Source, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def sha256(self) -> str:
        """Of the list, hexadecimal; what lies in the files, and who speaks, does not count."""
        digest = hashlib.sha256()
        for source in self.clips:
            row = {"audio": source.audio, "text": source.text, "language": source.language}
            digest.update(json.dumps(row).encode())
        return digest.hexdigest()


def find_sources(clean: Path, language: str = "en") -> Sources:
    """Looks for clean clips; their audio is not opened yet.

    Args:
        clean: a folder, with the words of ``a.wav`` in ``a.txt`` if known; or a ``.jsonl`` with
            records for fine-tuning or evaluation, or of the project's own manifest.
        language: of clips that do not say theirs; code or English name.

    Raises:
        SourceError: there is nothing that could be used.
        UsageError: a language that Qwen3-ASR does not know.
    """
    clean = clean.expanduser().absolute()
    resolved = resolve(language)
    code = _CODES[resolved] if resolved else "en"
    if clean.is_dir():
        found = Sources(clean, *_of_folder(clean, code))
    elif clean.is_file():
        found = Sources(clean.parent, *_of_manifest(clean, code))
    else:
        raise SourceError(
            f"There is no folder or manifest {clean}.", "Nothing was made.", "Check the path."
        )
    if not found.clips:
        first = f" The first problem: {found.problems[0]}" if found.problems else ""
        raise SourceError(
            f"{clean} holds no clean clips.{first}",
            "Nothing was made.",
            "Name a folder with audio, or a .jsonl whose records name their audio.",
        )
    return found


def order(seed: int, index: int, count: int) -> Iterator[int]:
    """The source of a clip, and then those to take where it can't be used.

    The sources are shuffled and dealt out; when all were had, they are shuffled again. So every
    source is used before any is used twice.

    Args:
        seed: of the set.
        index: of the clip in the set.
        count: of all sources.

    Yields:
        Numbers of sources, each once.
    """
    lap, place = divmod(index, count)
    shuffled = _shuffled(seed, lap, count)
    yield from (int(shuffled[(place + step) % count]) for step in range(count))


def open_source(root: Path, source: Source) -> Wave:
    """(samples,) float32 at 16 kHz, whatever its rate and channels.

    Raises:
        AudioError, StorageError: it can't be read.
        SourceError: it is too short or too long to be a clip.
    """
    path = root / source.audio
    stated_s = probe(path).duration_s
    wave = load(path) if stated_s is None or stated_s <= LONGEST_S else None
    duration_s = stated_s or 0.0 if wave is None else len(wave) / SAMPLE_RATE
    if wave is None or not SHORTEST_S <= duration_s <= LONGEST_S:
        raise SourceError(
            f"{source.audio} is {duration_s:.2f} s long.",
            "The file was not changed.",
            f"Clean clips are {SHORTEST_S} s to {LONGEST_S / 3600:.0f} h long.",
        )
    return wave


def babblers(sources: Sources, most: int = 48) -> tuple[str, ...]:
    """Files for babble, evenly from the whole list; those that can't be heard are left out."""
    step = max(len(sources.clips) // most, 1)
    usable = []
    for source in sources.clips[::step][:most]:
        with suppress(AudioError, StorageError):
            heard = load_span(sources.root / source.audio, 0.0, 60.0)
            if len(heard) >= SHORTEST_S * SAMPLE_RATE:
                usable.append(source.audio)
    return tuple(sorted(usable))


def write_sources(path: Path, sources: Sequence[Source]) -> None:
    """Writes the list, one JSON object a line. Raises OSError."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(asdict(source), ensure_ascii=False) + "\n" for source in sources)


def read_sources(path: Path) -> tuple[Source, ...]:
    """What `write_sources` wrote. Raises OSError, ValueError."""
    with path.open(encoding="utf-8") as file:
        return tuple(Source(**json.loads(line)) for line in file)


def _of_folder(folder: Path, code: str) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    clips, problems = [], []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith(".") or not path.is_file():
            continue
        words = path.with_suffix(".txt")
        text = None
        try:
            if words.is_file():
                text = " ".join(words.read_text(encoding="utf-8-sig").split())
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(ProblemKind.UNREADABLE, str(words), f"It is no text: {error}."))
            continue
        place = path.relative_to(folder)
        clips.append(Source(place.as_posix(), text, code, speaker_of(place)))
    return tuple(clips), tuple(problems)


def _of_manifest(path: Path, code: str) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    clips: list[Source] = []
    problems: list[Problem] = []
    for found in read_jsonl(path, code, path.parent):
        if isinstance(found, Example):
            language = _CODES.get(found.language, code)
            name = _named(found.audio, path.parent)
            clips.append(Source(name, found.text, language, found.speaker))
        else:
            problems.append(found)
    return tuple(clips), tuple(problems)


def _named(audio: Path, root: Path) -> str:
    return audio.relative_to(root).as_posix() if audio.is_relative_to(root) else audio.as_posix()


@lru_cache(maxsize=2)
def _shuffled(seed: int, lap: int, count: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(np.random.SeedSequence((seed, lap), spawn_key=(99,))).permutation(
        count
    )
