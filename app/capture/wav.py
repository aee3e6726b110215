"""A WAV file that can be read at any moment while it grows."""

import os
import struct
from pathlib import Path

from app.capture.ring import Frames

HEADER_BYTES = 80
_LARGEST_RIFF = 2**32 - 1


def header(rate_hz: int, data_bytes: int) -> bytes:
    """80 bytes that announce mono 16-bit PCM.

    RIFF keeps sizes in 32 bits; beyond 4 GiB the same place holds RF64 (EBU Tech 3306), for which
    a JUNK chunk keeps room.
    """
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    riff_bytes = HEADER_BYTES - 8 + data_bytes
    if riff_bytes <= _LARGEST_RIFF:
        start = struct.pack("<4sI4s4sI28x", b"RIFF", riff_bytes, b"WAVE", b"JUNK", 28)
        return start + form + struct.pack("<4sI", b"data", data_bytes)
    unknown = 2**32 - 1
    sizes = struct.pack("<QQQI", riff_bytes, data_bytes, data_bytes // 2, 0)
    start = struct.pack("<4sI4s4sI", b"RF64", unknown, b"WAVE", b"ds64", 28) + sizes
    return start + form + struct.pack("<4sI", b"data", unknown)


class WavWriter:
    """Appends samples to a file; after each `flush` they are on disk under a true header.

    Args:
        path: a new file; its folder is made.
        rate_hz: samples a second.

    Raises:
        OSError: the file exists, or cannot be written.
    """

    def __init__(self, path: Path, rate_hz: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._rate_hz = rate_hz
        self._data_bytes = 0
        self._file = path.open("xb", buffering=0)
        self._file.write(header(rate_hz, 0))

    def write(self, frames: Frames) -> None:
        """Appends samples; the system may keep them back from the disk until `flush`."""
        rest = memoryview(frames.astype("<i2", copy=False).tobytes())
        while rest:
            written = self._file.write(rest)
            self._data_bytes += written
            rest = rest[written:]

    def flush(self) -> None:
        """Counts the samples in the header and puts everything on disk."""
        self._file.seek(0)
        self._file.write(header(self._rate_hz, self._data_bytes))
        os.fsync(self._file.fileno())
        self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Flushes and closes."""
        try:
            self.flush()
        finally:
            self._file.close()
