"""Sounds that take long to make, kept on the disk for the next process."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.simulate.effect import Wave
from training.simulate.files import replaced

Half = npt.NDArray[np.float16]

_DIGEST_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class SoundCache:
    """Made once, in half precision; the same samples whether they are kept or not.

    A file is a SHA-256 of what it stands for and of its samples, then the samples, little endian.
    One that is damaged, or stands for something else, is made again. Processes may do so at once:
    they write the same, and each file appears whole. A folder that can't be written to costs the
    time to make its sounds, and nothing else.

    Attributes:
        folder: where the files are, or None to keep nothing.
        version: of how sounds are made; files of another version are not read.
    """

    folder: Path | None
    version: int

    def sound(self, name: str, source: str, make: Callable[[], Wave]) -> Half:
        """(samples,) what `make` gives; its rounding lies 70 dB below a texture.

        Args:
            name: what file it has, with "/" for "-".
            source: what it follows from beside its name; it is made again when this has changed.
            make: called where no file serves.
        """
        if self.folder is None:
            return make().astype(np.float16)
        path = self.folder / f"sound-{self.version}-{name.replace('/', '-')}.f16"
        kept = _read(path, source)
        if kept is None:
            kept = make().astype(np.float16)
            _write(path, source, kept)
        return kept


def _read(path: Path, source: str) -> Half | None:
    # Not mapped into memory: its digest needs it whole, and a mapped file that is replaced on a
    # network drive ends the process.
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, samples = content[:_DIGEST_BYTES], memoryview(content)[_DIGEST_BYTES:]
    if digest != _digest(source, samples):
        return None
    return np.frombuffer(samples, "<f2")


def _write(path: Path, source: str, sound: Half) -> None:
    samples = sound.astype("<f2").tobytes()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as file:
            file.write(_digest(source, samples) + samples)


def _digest(source: str, samples: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(f"{source}\0".encode())
    digest.update(samples)
    return digest.digest()
