"""Room responses, textures, and the person's own files, by names that a manifest can keep."""

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engine import audio
from engine.errors import AudioError, StorageError
from training.simulate import textures
from training.simulate.effect import SAMPLE_RATE, Room, Wave
from training.simulate.errors import MaterialError
from training.simulate.rooms import RoomBank
from training.simulate.sound_cache import SoundCache

SOUND_SUFFIXES = frozenset(
    {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".wma", ".aif", ".aiff"}
)

_WHOLE_S = 60.0  # files up to this length are kept as a whole; of longer ones, parts are read
_LONGEST_S = 600.0  # what lies behind this in a file is never used
_KEPT_BYTES = 96 << 20
_TALKERS = (3, 8)
_UTTERANCES = 12  # of one talker in a babble, at most

Sound = npt.NDArray[np.floating]
Read = TypeVar("Read")


class FileMaterials:
    """What effects take from outside, for one process; not for several threads.

    Sounds are "white/0" and the like (`textures.KINDS`), "babble/0" made of the speech given,
    "noise:relative/path.wav" and "speech:relative/path.flac". Textures and files are made and read
    when they are first asked for, and the last used are kept in memory (96 MiB).
    """

    def __init__(
        self,
        bank: RoomBank,
        *,
        noise: Path | None = None,
        speech_root: Path | None = None,
        speech: Sequence[str] | None = None,
        cache: Path | None = None,
        edition: int = 0,
    ) -> None:
        """
        Args:
            bank: the rooms.
            noise: folder with the person's own noises, at any depth.
            speech_root: folder of other people's speech, for babble.
            speech: names of its files, relative to the folder with "/"; all of them if None.
            cache: folder where textures and babble are kept for the next process (64 MB).
            edition: of textures and babble; no two editions have one in common.

        Raises:
            MaterialError: a folder is not there, or holds no sound.
        """
        self._bank = bank
        self._cache = SoundCache(cache, textures.VERSION)
        self._roots = {"noise": noise or Path(), "speech": speech_root or Path()}
        numbers = range(edition * textures.NUMBERS, (edition + 1) * textures.NUMBERS)
        self._sounds = {kind: tuple(f"{kind}/{n}" for n in numbers) for kind in textures.KINDS}
        if noise is not None:
            self._sounds["noise"] = tuple(f"noise:{name}" for name in _files(noise))
        if speech_root is not None:
            spoken = _files(speech_root) if speech is None else sorted(speech)
            self._sounds["speech"] = tuple(f"speech:{name}" for name in spoken)
            if len(spoken) >= _TALKERS[0]:
                self._sounds["babble"] = tuple(f"babble/{n}" for n in numbers)
        self._names = frozenset(name for names in self._sounds.values() for name in names)
        self._kept: OrderedDict[str, Sound] = OrderedDict()
        self._bytes = 0
        self._lengths_s: dict[str, float] = {}

    @property
    def rooms(self) -> Sequence[Room]:
        """The bank, by number."""
        return self._bank.rooms

    def response(self, room: int) -> Wave:
        """(taps,) impulse response; not to be written to."""
        return self._bank.response(room)

    def sounds(self, kind: str) -> Sequence[str]:
        """Names of all sounds of a kind, sorted; none of a kind that is not there."""
        return self._sounds.get(kind, ())

    def sound(self, name: str, start_s: float, samples: int) -> Wave:
        """So many samples of a sound from `start_s` on; it goes round when it ends.

        Raises:
            MaterialError: there is no such sound, or its file can't be read.
        """
        if name not in self._names:
            raise MaterialError(
                f"There is no sound {name}.",
                "",
                "Give the folders that were given when the clip was first made.",
            )
        if ":" in name:
            return self._of_file(name, start_s, samples)
        return _round(self._keeping(name, lambda: self._made(name)), start_s, samples)

    def _made(self, name: str) -> Sound:
        """A texture or a babble."""
        kind, _, number = name.partition("/")
        if kind != "babble":
            return self._cache.sound(name, "", lambda: textures.texture(kind, int(number)))
        talkers = self._talkers(int(number))
        source = json.dumps([[self._state(spoken) for spoken in talker] for talker in talkers])
        return self._cache.sound(name, source, lambda: self._babble(talkers))

    def _talkers(self, number: int) -> list[list[str]]:
        """What each talker of a babble has to say, the files' names."""
        rng = np.random.default_rng((1, number))
        names = self.sounds("speech")
        talkers = []
        for _ in range(int(rng.integers(_TALKERS[0], _TALKERS[1] + 1))):
            at = int(rng.integers(len(names)))
            # Neighbours in the list are mostly the same person's.
            talkers.append([names[(at + n) % len(names)] for n in range(_UTTERANCES)])
        return talkers

    def _babble(self, talkers: list[list[str]]) -> Wave:
        """Some talkers, each saying as much as fills a texture."""
        waves = []
        for talker in talkers:
            pieces: list[Wave] = []
            samples = 0
            while samples < textures.LENGTH_S * SAMPLE_RATE and len(pieces) < len(talker):
                pieces.append(self._read(talker[len(pieces)], 0.0, _WHOLE_S))
                samples += len(pieces[-1])
            waves.append(np.concatenate(pieces))
        return textures.babble(waves)

    def _state(self, name: str) -> tuple[str, int, int]:
        """Other when the file is another: name, size in bytes, time in ns."""
        try:
            status = self._path(name).stat()
        except OSError:  # told of by whoever reads it
            return name, 0, 0
        return name, status.st_size, status.st_mtime_ns

    def _of_file(self, name: str, start_s: float, samples: int) -> Wave:
        length_s = self._length_s(name)
        end_s = start_s % length_s + samples / SAMPLE_RATE
        if length_s <= _WHOLE_S:
            sound = self._keeping(name, lambda: self._read(name, 0.0, _WHOLE_S))
        elif end_s > length_s:
            sound = self._read(name, 0.0, length_s)
        else:
            sound, start_s = self._read(name, start_s % length_s, end_s), 0.0
        return _round(sound, start_s, samples)

    def _length_s(self, name: str) -> float:
        """What is used of a file, s; `_WHOLE_S` where the file does not say how long it is."""
        if name not in self._lengths_s:
            stated_s = self._reading(name, lambda path: audio.probe(path).duration_s)
            self._lengths_s[name] = min(stated_s or _WHOLE_S, _LONGEST_S)
        return self._lengths_s[name]

    def _read(self, name: str, start_s: float, end_s: float) -> Wave:
        return self._reading(name, lambda path: audio.load_span(path, start_s, end_s))

    def _reading(self, name: str, read: Callable[[Path], Read]) -> Read:
        kind, _, relative = name.partition(":")
        try:
            return read(self._path(name))
        except (AudioError, StorageError) as error:
            raise MaterialError(
                f"The {kind} file {relative} can't be used: {error.what}",
                "The file was not changed.",
                "Take it out of the folder, or replace it.",
            ) from error

    def _path(self, name: str) -> Path:
        kind, _, relative = name.partition(":")
        return self._roots[kind] / relative

    def _keeping(self, name: str, make: Callable[[], Sound]) -> Sound:
        if name not in self._kept:
            self._kept[name] = make()
            self._bytes += self._kept[name].nbytes
            while self._bytes > _KEPT_BYTES and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        self._kept.move_to_end(name)
        return self._kept[name]


def _files(folder: Path) -> list[str]:
    """Sounds in a folder, at any depth, relative to it with "/"; sorted."""
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in SOUND_SUFFIXES and path.is_file()
    )
    if not names:
        raise MaterialError(
            f"{folder} is no folder with sound files.", "", "Choose another folder."
        )
    return names


def _round(sound: npt.NDArray[np.floating], start_s: float, samples: int) -> Wave:
    """So many samples from there on, going round. An empty sound is silent."""
    out = np.zeros(samples, np.float32)
    at = done = 0
    if len(sound):
        at = round(start_s * SAMPLE_RATE) % len(sound)
        while done < samples:
            piece = sound[at : at + samples - done]
            out[done : done + len(piece)] = piece
            at, done = 0, done + len(piece)
    return out
