"""Which clips are held out: a fixed choice of speakers, by a hash of their names alone.

More data of the same speakers, or in another order, changes nothing for those that were there: a
clip that was once held out is never learnt from later.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from training.data.example import HELD_OUT, TRAIN, Example


def split(examples: Iterable[Example], held_out_share: float) -> list[Example]:
    """Gives every clip its side; where the data says so itself, that counts for all clips of the
    speaker.

    Args:
        examples: checked clips.
        held_out_share: of speakers, in [0, 1); a clip whose speaker is not known stands for itself.
    """
    clips = list(examples)
    given = {e.speaker: e.given_split for e in clips if e.speaker and e.given_split}
    return [
        replace(e, split=e.given_split or given.get(e.speaker) or _side(e, held_out_share))
        for e in clips
    ]


def shares_that_split(examples: Iterable[Example]) -> tuple[float, float] | None:
    """Between which shares somebody is held out and somebody is not; None for a single speaker.

    Args:
        examples: checked clips, none of which says its side.
    """
    places = sorted({place(_speaker(e)) for e in examples})
    return (places[0], places[-1]) if len(places) > 1 else None


def place(speaker: str) -> float:
    """Where a name falls, in [0, 1), evenly over all names."""
    digest = hashlib.sha256(f"wildscribe held-out\0{speaker}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _side(example: Example, held_out_share: float) -> str:
    return HELD_OUT if place(_speaker(example)) < held_out_share else TRAIN


def _speaker(example: Example) -> str:
    return example.speaker or example.sha256
