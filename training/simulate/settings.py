"""Everything that a set of clips follows from, kept in its folder."""

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engine.errors import StorageError, UsageError
from training.simulate.errors import SetMismatchError
from training.simulate.files import replaced
from training.simulate.manifest import FORMAT
from training.simulate.mix import Mix
from training.simulate.outputs import OUTPUTS
from training.simulate.rooms import DEFAULT_SEED, VERSION
from training.simulate.scenarios import scenario

NAME = "set.json"
BANK = f"{VERSION}-{DEFAULT_SEED}"
"""Version of the rooms, and the seed they are made from."""

_PLACES = frozenset({"clean", "noise", "rooms"})
"""Settings that may differ when a set is taken up again: folders that were moved."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What to make.

    Attributes:
        count: of clips.
        seed: of the set.
        mix: which scenarios, how hard, how fast.
        format: of the audio; a name in `OUTPUTS`.
        clean: folder that the sources are relative to.
        rooms: folder of the bank of rooms.
        noise: folder of the person's own noises, if any.
        speech: files for babble, relative to `clean`.
        shard_clips: clips in a shard.
        sources_sha256: of the list of sources.
        noises_sha256: of the names of the person's noises; "" without.
        bank: of the rooms.
        version: of Wildscribe.

    Raises:
        UsageError: a number or a format that makes no sense.
    """

    count: int
    seed: int
    mix: Mix
    format: str
    clean: Path
    rooms: Path
    noise: Path | None = None
    speech: tuple[str, ...] = ()
    shard_clips: int = 100
    sources_sha256: str = ""
    noises_sha256: str = ""
    bank: str = BANK
    version: str = version("wildscribe")

    def __post_init__(self) -> None:
        if self.count < 1 or self.seed < 0 or self.shard_clips < 1:
            raise UsageError(
                f"There is no set of {self.count} clips with the seed {self.seed}.",
                "Nothing was made yet.",
                "Give a count of at least 1 and a seed of at least 0.",
            )
        if self.format not in OUTPUTS:
            raise UsageError(
                f"There is no format {self.format}.",
                "Nothing was made yet.",
                f"Use one of: {', '.join(OUTPUTS)}.",
            )

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return -(-self.count // self.shard_clips)

    def clips_of(self, shard: int) -> range:
        """Numbers of the clips in a shard."""
        return range(shard * self.shard_clips, min((shard + 1) * self.shard_clips, self.count))

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        mix = asdict(self.mix) | {"scenarios": [one.name for one in self.mix.scenarios]}
        places = {"clean": str(self.clean), "rooms": str(self.rooms)}
        places["noise"] = str(self.noise) if self.noise else ""
        return {"format_version": FORMAT} | asdict(self) | {"mix": mix} | places

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Settings":
        """What `to_json` gave. Raises KeyError, TypeError, ValueError."""
        if row.pop("format_version") != FORMAT:
            raise ValueError("a format that is not known here")
        mix = row["mix"]
        mix |= {key: tuple(mix[key]) for key in ("speed", "shares")}
        mix |= {"scenarios": tuple(map(scenario, mix["scenarios"]))}
        places = {"clean": Path(row["clean"]), "rooms": Path(row["rooms"])}
        noise = Path(row["noise"]) if row["noise"] else None
        rest = {"mix": Mix(**mix), "speech": tuple(row["speech"]), "noise": noise}
        return cls(**(row | places | rest))


def settle(folder: Path, settings: Settings) -> None:
    """Writes the settings into a new folder, or compares them with those that are there.

    Raises:
        SetMismatchError: the folder holds another set, or other things.
        StorageError: it can't be written.
    """
    path = folder / NAME
    if path.is_file():
        there, wanted = read_settings(folder).to_json(), settings.to_json()
        different = [key for key in wanted if key not in _PLACES and there[key] != wanted[key]]
        if not different:
            _write(path, settings)
            return
        raise SetMismatchError(
            f"{folder} holds a set that was made otherwise ({_named(different)}).",
            "The set there was left as it is.",
            "Name another folder after --out, or give the settings it was begun with.",
        )
    if folder.is_dir() and any(entry.suffix != ".part" for entry in folder.iterdir()):
        raise SetMismatchError(
            f"{folder} is not empty, and what it holds is no set of clips.",
            "Nothing in it was changed.",
            "Name a new or an empty folder after --out.",
        )
    _write(path, settings)


def read_settings(folder: Path) -> Settings:
    """The settings of a set.

    Raises:
        SetMismatchError: there are none, or they are damaged.
    """
    path = folder / NAME
    try:
        return Settings.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, UsageError) as error:
        raise SetMismatchError(
            f"{path} is no description of a set ({error}).",
            "Nothing in the folder was changed.",
            "Name another folder after --out.",
        ) from error


def _write(path: Path, settings: Settings) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as file:
            file.write(json.dumps(settings.to_json(), ensure_ascii=False, indent=2).encode())
    except OSError as error:
        raise StorageError(
            f"{path} can't be written: {error.strerror or error}.",
            "Nothing was made yet.",
            "Choose another place after --out.",
        ) from error


def _named(different: list[str]) -> str:
    words = {"sources_sha256": "other clean clips", "noises_sha256": "other noises"}
    return ", ".join(words.get(key, f"another {key}") for key in different)
