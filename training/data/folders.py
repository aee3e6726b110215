"""A folder of audio files, each with its words in a text file of the same name beside it."""

from collections.abc import Iterator
from pathlib import Path

from training.data.example import Example
from training.data.problems import Problem, ProblemKind
from training.data.records import SUFFIXES, speaker_of, to_example


def read_folder(folder: Path, language: str) -> Iterator[Example | Problem]:
    """Walks a folder. In ``anna/07.flac`` + ``anna/07.txt`` the speaker is "anna".

    Args:
        folder: the folder; what lies in it directly has no known speaker.
        language: code or English name, of all of it.
    """
    files = sorted(path for path in folder.rglob("*") if _counts(path, folder))
    used: set[Path] = set()
    texts = {path.with_suffix(""): path for path in files if path.suffix.lower() == ".txt"}
    for path in files:
        if path.suffix.lower() not in SUFFIXES:
            continue
        words = texts.get(path.with_suffix(""))
        if words is None:
            yield Problem(ProblemKind.MISSING, str(path), f"There is no {path.stem}.txt beside it.")
            continue
        used.add(words)
        try:
            text = words.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            yield Problem(ProblemKind.UNREADABLE, str(words), f"It is no text: {error}.")
            continue
        record = {"text": text, "speaker": speaker_of(path.relative_to(folder))}
        yield to_example(record, path, str(path), language)
    for words in texts.values():
        if words not in used:
            yield Problem(ProblemKind.MISSING, str(words), "There is no audio beside it.")


def _counts(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.is_file() and not hidden
