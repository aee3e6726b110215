"""JSON Lines, Parquet shards and Hugging Face data sets on disk: rows of the same kind."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.data.example import Example
from training.data.problems import Problem, ProblemKind
from training.data.records import audio_of, to_example
from training.data.unpack import as_file

_NEEDS = "Reading it needs the package pyarrow, which is not installed."


def read_jsonl(path: Path, language: str, unpack_to: Path) -> Iterator[Example | Problem]:
    """One JSON object a line; paths are relative to the file."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
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
    if not _can_read():
        yield Problem(ProblemKind.UNREADABLE, str(path), _NEEDS)
        return
    import pyarrow
    from pyarrow import parquet

    try:
        shard = parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        yield Problem(ProblemKind.UNREADABLE, str(path), f"It is no Parquet file: {error}.")
        return
    with shard:
        row = 0
        for batch in shard.iter_batches(batch_size=64):
            for record in batch.to_pylist():
                row += 1
                source = f"{path}, row {row}"
                yield _example(record, path.parent, source, language, unpack_to)


def read_dataset(folder: Path, language: str, unpack_to: Path) -> Iterator[Example | Problem]:
    """A data set that `datasets.save_to_disk` wrote, with or without splits."""
    if not (folder / "dataset_dict.json").is_file():
        yield from _read_split(folder, "", language, unpack_to)
        return
    for name in json.loads((folder / "dataset_dict.json").read_text(encoding="utf-8"))["splits"]:
        yield from _read_split(folder / name, name, language, unpack_to)


def _read_split(
    folder: Path, split: str, language: str, unpack_to: Path
) -> Iterator[Example | Problem]:
    if not _can_read():
        yield Problem(ProblemKind.UNREADABLE, str(folder), _NEEDS)
        return
    import pyarrow
    from pyarrow import ipc

    for path in sorted(folder.glob("*.arrow")):
        row = 0
        try:
            with pyarrow.memory_map(str(path)) as file, ipc.open_stream(file) as stream:
                for batch in stream:
                    for record in batch.to_pylist():
                        row += 1
                        record.setdefault("split", split)
                        source = f"{path}, row {row}"
                        yield _example(record, folder, source, language, unpack_to)
        except (pyarrow.ArrowException, OSError) as error:
            yield Problem(ProblemKind.UNREADABLE, str(path), f"It is no Arrow file: {error}.")


def _can_read() -> bool:
    return importlib.util.find_spec("pyarrow") is not None


def _example(
    record: dict[str, Any], beside: Path, source: str, language: str, unpack_to: Path
) -> Example | Problem:
    audio = as_file(audio_of(record), beside, unpack_to)
    if audio is None:
        return Problem(ProblemKind.MISSING, source, "It names no audio.")
    return to_example(record, audio, source, language)
