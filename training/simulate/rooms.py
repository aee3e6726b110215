"""The bank of room responses: made once from a seed, then read from a file."""

import hashlib
import math
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from engine.errors import StorageError
from training.simulate.effect import SAMPLE_RATE, Room, Wave

DIRECT_TAPS = SAMPLE_RATE * 5 // 2_000  # 2.5 ms: what the direct-to-reverberant ratio calls direct
DEFAULT_SEED = 0
DEFAULT_SIZE = (190, 60)  # rooms with and without a direct path
VERSION = 1  # of how responses are made: a file of another version is not read

_RT60_S = (0.15, 1.5)
_DISTANCE_M = (0.5, 12.0)
_WALL_M = 0.4  # nobody stands nearer to one
_NEIGHBOURS = 4


@dataclass(frozen=True)
class RoomBank:
    """Rooms over all reverberation times and distances, with their responses.

    Attributes:
        rooms: by number.
        responses: by number; read-only arrays as `Materials.response` describes them.
    """

    rooms: tuple[Room, ...]
    responses: tuple[Wave, ...]

    @classmethod
    def cached(
        cls, folder: Path, seed: int = DEFAULT_SEED, size: tuple[int, int] = DEFAULT_SIZE
    ) -> Self:
        """What `made` makes, from a file in `folder`; made again where that is damaged.

        Two processes may do so at once: they write the same, and each file appears whole.

        Raises:
            StorageError: the folder can't be written to.
        """
        path = folder / f"rooms-{VERSION}-{seed}-{size[0]}-{size[1]}.npz"
        bank = cls._read(path)
        if bank is None:
            bank = cls.made(seed, size)
            bank._write(path)
        return bank

    @classmethod
    def made(cls, seed: int = DEFAULT_SEED, size: tuple[int, int] = DEFAULT_SIZE) -> Self:
        """The bank of a seed, with so many rooms with and without a direct path; some seconds."""
        entries = [
            _entry(first + index, seed, direct, index, count)
            for direct, first, count in ((True, 0, size[0]), (False, size[0], size[1]))
            for index in range(count)
        ]
        return cls(tuple(room for room, _ in entries), tuple(wave for _, wave in entries))

    def response(self, number: int) -> Wave:
        """(taps,) of one room; not to be written to.

        Raises:
            IndexError: there is no such room.
        """
        return self.responses[number]

    @classmethod
    def _read(cls, path: Path) -> Self | None:
        try:
            with path.open("rb") as file, np.load(file) as archive:
                rows, lengths, taps = archive["rooms"], archive["lengths"], archive["taps"]
                if str(archive["digest"]) != _digest(rows, lengths, taps):
                    return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        taps.setflags(write=False)
        rooms = tuple(
            Room(int(number), rt60_s, distance_m, ratio_db, bool(direct), volume_m3)
            for number, rt60_s, distance_m, ratio_db, direct, volume_m3 in rows.tolist()
        )
        return cls(rooms, tuple(np.split(taps, np.cumsum(lengths)[:-1])))

    def _write(self, path: Path) -> None:
        rows = np.array([astuple(room) for room in self.rooms], np.float64)
        lengths = np.array([len(wave) for wave in self.responses])
        taps = np.concatenate(self.responses)
        digest = _digest(rows, lengths, taps)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    np.savez(file, rooms=rows, lengths=lengths, taps=taps, digest=digest)
                Path(partial).replace(path)
            finally:
                Path(partial).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"The room responses can't be kept in {path.parent}: {error}.",
                "Nothing else was written.",
                "Free some space there, or choose another folder.",
            ) from error


def nearest(
    rooms: Sequence[Room],
    *,
    rt60_s: float,
    distance_m: float,
    direct: bool,
    rng: np.random.Generator,
) -> Room:
    """One of the few rooms that come closest, by the ratios of time and distance."""

    def away(room: Room) -> float:
        return math.hypot(
            math.log(room.rt60_s / rt60_s), 0.5 * math.log(room.distance_m / distance_m)
        )

    near = sorted((room for room in rooms if room.direct == direct), key=away)[:_NEIGHBOURS]
    return near[int(rng.integers(len(near)))]


def drr_db(response: Wave) -> float:
    """Direct-to-reverberant ratio: the first 2.5 ms against the rest, dB."""
    energy = np.square(response, dtype=np.float64)
    return float(10.0 * np.log10(energy[:DIRECT_TAPS].sum() / energy[DIRECT_TAPS:].sum()))


def _entry(number: int, seed: int, direct: bool, index: int, count: int) -> tuple[Room, Wave]:
    # Imported here because it takes most of a second, and a bank is mostly read.
    from training.simulate.image_source import Point, room_response

    rng = np.random.default_rng((seed, number))
    # Strata: each reverberation time once, each distance once, in an order of its own.
    order = np.random.default_rng((seed, int(direct), count)).permutation(count)
    rt60_s = _between(_RT60_S, (index + 0.5) / count)
    distance_m = _between(_DISTANCE_M, (float(order[index]) + 0.5) / count)

    length = max(float(np.exp(rng.uniform(np.log(2.5), np.log(5.0 + 12.0 * rt60_s)))), 2.5)
    length = max(length, 1.15 * distance_m + 2.0 * _WALL_M)
    width = length * float(rng.uniform(0.55, 0.95))
    height = float(np.clip(length * rng.uniform(0.35, 0.6), 2.3, 8.0))
    size: Point = (length, width, height)
    source, microphone = _places(size, distance_m, rng)
    wave = room_response(size, source, microphone, rt60_s=rt60_s, direct=direct, rng=rng)
    wave.setflags(write=False)
    return Room(number, rt60_s, distance_m, drr_db(wave), direct, math.prod(size)), wave


def _places(
    size: tuple[float, float, float], distance_m: float, rng: np.random.Generator
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """A mouth and a microphone so far apart, and both away from the walls."""
    while True:
        x, y = (float(rng.uniform(_WALL_M, side - _WALL_M)) for side in size[:2])
        z = float(rng.uniform(1.1, 1.7))
        angle, rise = float(rng.uniform(0.0, 2.0 * math.pi)), float(rng.uniform(-0.3, 0.3))
        rise *= min(distance_m, 1.0)
        flat_m = math.sqrt(distance_m**2 - rise**2)
        there = (x + flat_m * math.cos(angle), y + flat_m * math.sin(angle), z + rise)
        if all(_WALL_M <= at <= side - _WALL_M for at, side in zip(there, size, strict=True)):
            return (x, y, z), there


def _between(ends: tuple[float, float], place: float) -> float:
    return float(ends[0] * (ends[1] / ends[0]) ** place)


def _digest(*arrays: npt.NDArray[np.generic]) -> str:
    digest = hashlib.sha256(str(VERSION).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
