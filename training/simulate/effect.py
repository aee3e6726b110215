"""What an effect is: physical parameters as plain data, and a pure function of them.

Drawing and applying are apart. `draw` turns a severity and random numbers into parameters; `apply`
is a function of parameters, samples and materials alone. So a clip whose parameters stand in a
manifest can be made again bit for bit.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000  # Hz, of every wave in this package
SPREAD = 0.1  # how far a parameter may lie from the clip's severity, on its scale of 0 to 1

Wave = npt.NDArray[np.float32]
"""(samples,) mono float32 at `SAMPLE_RATE`, nominally in [-1, 1]."""

Parameters = dict[str, Any]
"""JSON values by name."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of an effect.

    `wave` is as long as the input. `measured` holds what can only be known once it was applied
    (frames lost, gain in dB, delay in samples), as JSON values with units in their names.
    """

    wave: Wave
    measured: Parameters


@dataclass(frozen=True, slots=True)
class Room:
    """One impulse response of the bank, by its number there.

    `direct` is False where an obstacle hides the source. `drr_db` is the direct-to-reverberant
    ratio.
    """

    number: int
    rt60_s: float
    distance_m: float
    drr_db: float
    direct: bool
    volume_m3: float


class Materials(Protocol):
    """What effects take from outside: room responses, noises, other people's speech.

    Sounds have names that stay valid wherever the same folders are given ("street/3",
    "noise:market/stall.wav", "speech:anna/12.flac"), so that a manifest can refer to them.
    """

    @property
    def rooms(self) -> Sequence[Room]:
        """The bank, by number."""
        ...

    def response(self, room: int) -> Wave:
        """(taps,) impulse response whose direct (or first) sound is at tap 0 with gain 1."""
        ...

    def sounds(self, kind: str) -> Sequence[str]:
        """Names of all sounds of a kind ("street", "machine", "speech", "noise"), sorted."""
        ...

    def sound(self, name: str, start_s: float, samples: int) -> Wave:
        """So many samples of a sound from `start_s` on; it goes round when it ends."""
        ...


class Effect(Protocol):
    """A frozen dataclass of physical parameters; `name` is the primitive's name in JSON."""

    name: ClassVar[str]

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        """The wave with this effect; the input is left as it is."""
        ...


class Drawn(Effect, Protocol):
    """An effect that can be drawn by itself from a severity in [0, 1]."""

    @classmethod
    def draw(cls, severity: float, rng: np.random.Generator, materials: Materials) -> Self:
        """Parameters of this severity: 0 easy, 1 hard."""
        ...


def scaled(
    severity: float,
    easy: float,
    hard: float,
    rng: np.random.Generator,
    *,
    logarithmic: bool = False,
) -> float:
    """A parameter near its value for the severity, between `easy` (0) and `hard` (1).

    Every parameter of every effect of a clip is drawn so, within `SPREAD` of the one severity: no
    clip is hard in one way and clean in another. `easy` may be above `hard`. `logarithmic` moves
    in equal ratios instead of equal steps (both ends then positive): frequencies, times.
    """
    place = min(max(severity + SPREAD * (2.0 * rng.random() - 1.0), 0.0), 1.0)
    if logarithmic:
        return math.exp(math.log(easy) + place * (math.log(hard) - math.log(easy)))
    return easy + place * (hard - easy)


def seed(rng: np.random.Generator) -> int:
    """The seed an effect keeps for what it draws while it is applied (noise, lost frames)."""
    return int(rng.integers(2**32))


def to_json(effect: Effect) -> Parameters:
    """The effect as JSON values: its name under "effect", and its parameters."""
    return {"effect": effect.name, **asdict(effect)}  # type: ignore[call-overload]


def from_json(row: Mapping[str, Any], kinds: Mapping[str, type[Any]]) -> Effect:
    """The effect that `to_json` wrote.

    Raises:
        ValueError: an unknown effect, or parameters that are not exactly those of the effect.
    """
    name = row.get("effect")
    kind = kinds.get(str(name))
    if kind is None:
        raise ValueError(f"unknown effect {name!r}; known are {', '.join(sorted(kinds))}")
    wanted = {field.name for field in fields(kind)}
    given = {key: _plain(value) for key, value in row.items() if key != "effect"}
    if wanted != set(given):
        raise ValueError(f"{name}: wants {sorted(wanted)}, got {sorted(given)}")
    effect: Effect = kind(**given)
    return effect


def _plain(value: object) -> object:
    """JSON has lists where the parameters have tuples."""
    return tuple(_plain(item) for item in value) if isinstance(value, list) else value
