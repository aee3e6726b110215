"""Reverberation: the response of a room."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from training.simulate.convolve import convolved
from training.simulate.effect import Applied, Materials, Room, Wave, scaled
from training.simulate.level import active_power, decibels, gain, within_full_scale
from training.simulate.rooms import DIRECT_TAPS, nearest


@dataclass(frozen=True, slots=True)
class Reverberation:
    """A wave as heard in a room of the bank, its first sound undelayed, its speech level kept.

    Attributes:
        room: number in the bank.
        rt60_s: reverberation time of that room, s. For the reader: the room has it.
        distance_m: between mouth and microphone in that room, m. For the reader, too.
        drr_db: direct-to-reverberant ratio, dB; what comes after the direct sound is turned up or
            down to it, as if the talker faced the microphone more or less. In a room without a
            direct path, the first reflection takes its place.
    """

    room: int
    rt60_s: float
    distance_m: float
    drr_db: float

    name: ClassVar[str] = "reverberation"

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        """Measured: `gain_db`, what kept the speech level."""
        before = active_power(wave)
        if before == 0.0:
            return Applied(wave, {"gain_db": 0.0})
        response = materials.response(self.room).copy()
        response[DIRECT_TAPS:] *= gain(materials.rooms[self.room].drr_db - self.drr_db)
        heard = convolved(wave, response)
        gain_db = decibels(before) - decibels(active_power(heard))
        heard, limit_db = within_full_scale(heard * gain(gain_db))
        return Applied(heard, {"gain_db": gain_db + limit_db})

    @classmethod
    def draw(cls, severity: float, rng: np.random.Generator, materials: Materials) -> Self:
        """From a furnished room at arm's length to a hall from its far end."""
        room = nearest(
            materials.rooms,
            rt60_s=scaled(severity, 0.2, 1.4, rng, logarithmic=True),
            distance_m=scaled(severity, 0.7, 9.0, rng, logarithmic=True),
            direct=True,
            rng=rng,
        )
        return cls.in_room(room, drr_db=scaled(severity, 18.0, -9.0, rng))

    @classmethod
    def in_room(cls, room: Room, drr_db: float | None = None) -> Self:
        """A room as it is, or with another direct-to-reverberant ratio."""
        drr_db = room.drr_db if drr_db is None else drr_db
        return cls(room.number, room.rt60_s, room.distance_m, drr_db)
