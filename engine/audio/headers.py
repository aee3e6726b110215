"""Reads just enough of a file's head to tell protected, cut-off and foreign files apart.

Formats: ISO base media boxes (ISO/IEC 14496-12), ASF objects (Microsoft ASF 1.2), RIFF WAVE.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_PROTECTED = frozenset({b"drms", b"drmi", b"enca", b"encv", b"aavd"})
_MAX_BOXES = 10_000
_ASF_ENCRYPTION = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),  # content encryption object
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),  # extended content encryption object
)
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_MAGICS = (
    *(b"fLaC", b"OggS", b"ID3", b"FORM", b"caff", b"#!AMR", b"wvpk", b"MAC ", b"FLV", b"TTA1"),
    *(b"RIFF", b"RF64", b"riff", b".snd", b"\x1aE\xdf\xa3", _ASF, b"\xff\xfb", b"\xff\xf1"),
)
_WAVE_PLACEHOLDER_BYTES = 0x7FFF_0000
"""Writers that don't know the length yet state one at least this big."""


def looks_like_media(path: Path) -> bool:
    """Whether the first bytes are those of an audio or video format."""
    with path.open("rb") as file:
        head = file.read(16)
    return head.startswith(_MAGICS) or head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide")


def is_protected(path: Path) -> bool:
    """Whether the audio is encrypted: protected sample entries in MP4, encryption in ASF."""
    with path.open("rb") as file:
        head = file.read(16)
        if head == _ASF:
            beginning = head + file.read(65_536)
            return any(guid in beginning for guid in _ASF_ENCRYPTION)
        if head[4:8] != b"ftyp":
            return False
        return any(kind in _PROTECTED for kind in _boxes(file, 0, _size(file)))


def lacks_index(path: Path) -> bool:
    """Whether this is an MP4 that was cut off before its index (``moov``) was written."""
    with path.open("rb") as file:
        head = file.read(8)
        if head[4:8] not in (b"ftyp", b"mdat", b"wide"):
            return False
        return b"moov" not in set(_boxes(file, 0, _size(file)))


def wave_missing_s(path: Path) -> float:
    """How much shorter a RIFF WAVE file is than its header says, s.

    0.0 for a whole file, for one whose writer left a placeholder as length, and for any other
    format. (libsndfile and FFmpeg both take a cut-off WAVE file for a shorter one.)
    """
    with path.open("rb") as file:
        if (head := file.read(12))[:4] != b"RIFF" or head[8:] != b"WAVE":
            return 0.0
        size, bytes_per_s = _size(file), 0
        while len(chunk := file.read(8)) == 8:
            name, stated = struct.unpack("<4sI", chunk)
            body = file.tell()
            if name == b"fmt " and len(fmt := file.read(12)) == 12:
                bytes_per_s = struct.unpack("<8xI", fmt)[0]
            elif name == b"data":
                known = bytes_per_s and stated < _WAVE_PLACEHOLDER_BYTES
                return max(0.0, (body + stated - size) / bytes_per_s) if known else 0.0
            file.seek(body + stated + stated % 2)
    return 0.0


def _size(file: BinaryIO) -> int:
    here = file.tell()
    size = file.seek(0, 2)
    file.seek(here)
    return size


def _boxes(file: BinaryIO, start: int, end: int, budget: int = _MAX_BOXES) -> Iterator[bytes]:
    """Types of the boxes in [start, end), parents before children; sample entries included."""
    at = start
    while at + 8 <= end and budget > 0:
        budget -= 1
        file.seek(at)
        size, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1 and len(large := file.read(8)) == 8:
            size, head = struct.unpack(">Q", large)[0], 16
        stop = end if size == 0 else min(at + size, end)
        if stop < at + head:
            return
        yield kind
        if kind in _PARENTS:
            yield from _boxes(file, at + head, stop, budget)
        elif kind == b"stsd":
            yield from _boxes(file, at + head + 8, stop, budget)
        at = stop
