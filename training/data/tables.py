"""JSON Lines, Parquet shards and Hugging Face data sets on disk: rows of the same kind."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from training.data.example import Example
from training.data.problems import Problem, ProblemKind
from training.data.records import audio_of, to_example
from training.data.unpack import as_file

_NEEDS = 'Reading it needs pyarrow, which is not installed: pip install "wildscribe[scale]".'

Row = dict[str, Any]
T = TypeVar("T")


def read_jsonl(path: Path, language: str, unpack_to: Path) -> Iterator[Example | Problem]:
    """One JSON object a line; paths are relative to the file."""
    lines = _whole(_lines(path), path, "It cannot be read")
    for number, line in enumerate(lines, start=1):
        if isinstance(line, Problem):
            yield line
            return
        source = f"{path}, line {number}"
        if not line.strip():
            continue
        try:
            record = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            yield Problem(ProblemKind.UNREADABLE, source, f"It is no JSON: {error}.")
            continue
        if not isinstance(record, dict):
            yield Problem(ProblemKind.UNREADABLE, source, "It is no JSON object.")
            continue
        yield _example(record, path.parent, source, language, unpack_to)


def read_parquet(path: Path, language: str, unpack_to: Path) -> Iterator[Example | Problem]:
    """One shard, row group by row group, so that only one is in memory."""
    yield from _table(path, _parquet_rows(path), "", language, unpack_to)


def read_dataset(folder: Path, language: str, unpack_to: Path) -> Iterator[Example | Problem]:
    """A data set that `datasets.save_to_disk` wrote, with or without splits."""
    if not (folder / "dataset_dict.json").is_file():
        yield from _read_split(folder, "", language, unpack_to)
        return
    try:
        told = json.loads((folder / "dataset_dict.json").read_text(encoding="utf-8"))
        names = [str(name) for name in told["splits"]]
    except (OSError, ValueError, LookupError, TypeError) as error:
        yield Problem(ProblemKind.UNREADABLE, str(folder), f"It is no data set: {error}.")
        return
    for name in names:
        yield from _read_split(folder / name, name, language, unpack_to)


def _read_split(
    folder: Path, split: str, language: str, unpack_to: Path
) -> Iterator[Example | Problem]:
    files = _data_files(folder)
    if not files:
        yield Problem(ProblemKind.MISSING, str(folder), "There is no data in it.")
    for path in files:
        yield from _table(path, _arrow_rows(path), split, language, unpack_to)


def _data_files(folder: Path) -> list[Path]:
    """Those that the data set itself names; what else lies there is left over from its making."""
    try:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        return [folder / str(file["filename"]) for file in state["_data_files"]]
    except (OSError, ValueError, LookupError, TypeError):
        return sorted(p for p in folder.glob("*.arrow") if not p.name.startswith("cache-"))


def _table(
    path: Path, rows: Iterator[Row], split: str, language: str, unpack_to: Path
) -> Iterator[Example | Problem]:
    if importlib.util.find_spec("pyarrow") is None:
        yield Problem(ProblemKind.UNREADABLE, str(path), _NEEDS)
        return
    for number, record in enumerate(_whole(rows, path, "It is no sound table"), start=1):
        if isinstance(record, Problem):
            yield record
            return
        record.setdefault("split", split)
        source = f"{path}, row {number}"
        yield _example(record, path.parent, source, language, unpack_to)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _parquet_rows(path: Path) -> Iterator[Row]:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path) as shard:
            for batch in shard.iter_batches(batch_size=64):
                yield from batch.to_pylist()
    except ArrowException as error:
        raise ValueError(error) from error


def _arrow_rows(path: Path) -> Iterator[Row]:
    from pyarrow import ArrowException, ipc, memory_map

    try:
        with memory_map(str(path)) as file, ipc.open_stream(file) as stream:
            for batch in stream:
                yield from batch.to_pylist()
    except ArrowException as error:
        raise ValueError(error) from error


def _whole(items: Iterator[T], path: Path, what: str) -> Iterator[T | Problem]:
    """Items as long as they can be read, then why no more can; not what is done with them."""
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except (OSError, ValueError) as error:
            yield Problem(ProblemKind.UNREADABLE, str(path), f"{what}: {error}.")
            return
        yield item


def _example(
    record: dict[str, Any], beside: Path, source: str, language: str, unpack_to: Path
) -> Example | Problem:
    audio = as_file(audio_of(record), beside, unpack_to)
    if audio is None:
        return Problem(ProblemKind.MISSING, source, "It names no audio.")
    return to_example(record, audio, source, language)
