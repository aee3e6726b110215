"""The audio of a shard: a folder of files, or one table with the files in it."""

import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import soundfile

from engine.audio import load
from engine.errors import StorageError, UsageError
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.files import beside
from training.simulate.manifest import SimulatedClip

CLIPS = "clips"
_GROUP_BYTES = 32 << 20
"""Audio that is held before it goes into the table."""


class Output(Protocol):
    """Takes the clips of one shard."""

    def place(self, index: int) -> str:
        """Where a clip will be, as the manifest says it."""
        ...

    def write(self, clip: SimulatedClip, wave: Wave) -> None:
        """Adds a clip, in 16 bits. Raises OSError."""
        ...


OpenOutput = Callable[[Path, int], AbstractContextManager[Output]]
"""(folder of the set, number of the shard) -> its output. What was written appears when the block
ends well; a shard of the same number that was there, not committed, gives way. Raises OSError."""


class _Files:
    def __init__(self, folder: Path, shard: int, suffix: str) -> None:
        self._folder, self._shard, self._suffix = folder, shard, suffix

    def place(self, index: int) -> str:
        return f"{CLIPS}/{self._shard:05}/{index:08}.{self._suffix}"

    def write(self, clip: SimulatedClip, wave: Wave) -> None:
        name = clip.audio.rpartition("/")[2]
        (self._folder / name).write_bytes(encoded(wave, self._suffix))


@contextmanager
def _files(suffix: str, out: Path, shard: int) -> Iterator[Output]:
    target = out / CLIPS / f"{shard:05}"
    part = beside(target)
    part.mkdir(parents=True)
    try:
        yield _Files(part, shard, suffix)
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


class _Table:
    """Rows as data sets on Hugging Face have them: "audio" holds a path and the bytes of a file."""

    def __init__(self, path: Path, shard: int) -> None:
        import pyarrow
        from pyarrow import parquet

        self._arrow, self._shard = pyarrow, shard
        audio = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
        texts = ("text", "language", "source", "scenario")
        fields = [("index", pyarrow.int64()), ("audio", audio)]
        fields += [(name, pyarrow.string()) for name in texts]
        fields += [("severity", pyarrow.float64()), ("manifest", pyarrow.string())]
        self._schema = pyarrow.schema(fields)
        self._writer = parquet.ParquetWriter(path, self._schema, compression="none")
        self._rows: list[dict[str, Any]] = []
        self._written = self._bytes = 0

    def place(self, index: int) -> str:
        return f"{CLIPS}/{self._shard:05}.parquet#{self._written + len(self._rows)}"

    def write(self, clip: SimulatedClip, wave: Wave) -> None:
        content = encoded(wave, "flac")
        self._rows.append(
            {
                "index": clip.index,
                "audio": {"bytes": content, "path": f"{clip.index:08}.flac"},
                "text": clip.text,
                "language": clip.language,
                "source": clip.source,
                "scenario": clip.plan.scenario.name,
                "severity": clip.plan.severity,
                "manifest": json.dumps(clip.to_json(), ensure_ascii=False),
            }
        )
        self._bytes += len(content)
        if self._bytes > _GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, self._schema))
        self._written += len(self._rows)
        self._rows, self._bytes = [], 0

    def close(self) -> None:
        self._writer.close()


@contextmanager
def _table(out: Path, shard: int) -> Iterator[Output]:
    target = out / CLIPS / f"{shard:05}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = beside(target)
    try:
        table = _Table(part, shard)
        try:
            yield table
            table.flush()
        finally:
            table.close()
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


OUTPUTS: Mapping[str, OpenOutput] = MappingProxyType(
    {"wav": partial(_files, "wav"), "flac": partial(_files, "flac"), "parquet": _table}
)
"""By the names of the command line. Tables hold FLAC."""


def check_output(name: str) -> None:
    """Whether what a format needs is installed.

    Raises:
        UsageError: Parquet without pyarrow.
    """
    if name == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise UsageError(
                "Tables in Parquet need pyarrow, which is not installed.",
                "Nothing was made yet.",
                "Install it with: pip install 'wildscribe[scale]'; or use --format flac.",
            ) from error


def read_audio(folder: Path, audio: str) -> Wave:
    """(samples,) of a clip of a set, float32 at 16 kHz.

    Args:
        folder: of the set.
        audio: as the manifest says it.

    Raises:
        AudioError, StorageError: it can't be read.
    """
    name, _, row = audio.partition("#")
    if not row:
        return load(folder / name)
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(folder / name) as table:
            before = 0
            for number in range(table.num_row_groups):
                rows = table.metadata.row_group(number).num_rows
                if int(row) < before + rows:
                    column = table.read_row_group(number, columns=["audio"])["audio"]
                    return decoded(column[int(row) - before].as_py()["bytes"])
                before += rows
    except (OSError, ArrowException) as error:
        raise StorageError(f"{name} can't be read: {error}.") from error
    raise StorageError(f"{name} has no row {row}.")


def encoded(wave: Wave, suffix: str) -> bytes:
    """A WAV or FLAC file of 16 bits: each sample the nearest multiple of 1/32768."""
    whole = np.clip(np.rint(wave * np.float32(32768.0)), -32768, 32767).astype(np.int16)
    file = io.BytesIO()
    soundfile.write(file, whole, SAMPLE_RATE, format=suffix.upper(), subtype="PCM_16")
    return file.getvalue()


def decoded(content: bytes) -> Wave:
    """(samples,) of a file that `encoded` made."""
    wave: Wave = soundfile.read(io.BytesIO(content), dtype="float32")[0]
    return wave
