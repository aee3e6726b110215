"""From whatever a person points at to clips, and to a list of what could not become one."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from training.data.corrections import read_corrections
from training.data.example import Example
from training.data.folders import read_folder
from training.data.problems import Problem, ProblemKind
from training.data.tables import read_dataset, read_jsonl, read_parquet


def read(
    paths: Iterable[Path], language: str, unpack_to: Path
) -> tuple[list[Example], list[Problem]]:
    """Reads data of any known kind; audio files themselves are not opened yet.

    Known are: a folder of audio and text files; ``.jsonl``; ``.parquet``, or a folder of them; a
    Hugging Face data set on disk; transcripts exported as ``.json``, or a folder of them. A folder
    may hold several of these.

    Args:
        paths: any number of those.
        language: of clips that do not say theirs; code or English name, or "".
        unpack_to: folder for audio that lies inside other files.

    Returns:
        Clips in the order of the data, and problems.

    Raises:
        OSError: audio could not be unpacked.
    """
    found = list(chain.from_iterable(_read(path.absolute(), language, unpack_to) for path in paths))
    examples = [item for item in found if isinstance(item, Example)]
    return examples, [item for item in found if isinstance(item, Problem)]


def _read(path: Path, language: str, unpack_to: Path) -> Iterator[Example | Problem]:
    if path.is_dir():
        yield from _read_folder(path, language, unpack_to)
    elif not path.is_file():
        yield Problem(ProblemKind.MISSING, str(path), "There is no such file or folder.")
    elif path.suffix == ".jsonl":
        yield from read_jsonl(path, language, unpack_to)
    elif path.suffix == ".parquet":
        yield from read_parquet(path, language, unpack_to)
    elif path.suffix == ".json":
        yield from read_corrections(path, language, unpack_to)
    else:
        yield Problem(
            ProblemKind.UNREADABLE, str(path), "It is no .jsonl, .parquet or .json, and no folder."
        )


def _read_folder(path: Path, language: str, unpack_to: Path) -> Iterator[Example | Problem]:
    if (path / "dataset_info.json").is_file() or (path / "dataset_dict.json").is_file():
        yield from read_dataset(path, language, unpack_to)
        return
    shards = sorted(path.rglob("*.parquet"))
    transcripts = sorted(path.glob("*.json"))
    for shard in shards:
        yield from read_parquet(shard, language, unpack_to)
    for transcript in transcripts:
        yield from read_corrections(transcript, language, unpack_to)
    told = bool(shards or transcripts)
    for item in read_folder(path, language):
        # Beside tables and transcripts, audio without a text file is what these are about.
        if not (told and isinstance(item, Problem) and item.kind is ProblemKind.MISSING):
            yield item
