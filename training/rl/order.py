"""The clips in the order in which they are asked for."""

import random
from collections.abc import Sequence

from training.data import Example


class Order:
    """All clips, over and over, each round in an order of its own.

    How many a step uses is known only when their rollouts have been rewarded; so where a run is
    in its data is one number, the clips taken so far.

    Args:
        clips: at least one.
        seed: of the orders.
        position: clips taken before.
    """

    def __init__(self, clips: Sequence[Example], seed: int, position: int = 0) -> None:
        self._clips = tuple(clips)
        self._seed = seed
        self.position = position
        self._round = -1
        self._shuffled: list[Example] = []

    def take(self, count: int) -> list[Example]:
        """The next clips."""
        return [self._next() for _ in range(count)]

    def _next(self) -> Example:
        number, place = divmod(self.position, len(self._clips))
        if number != self._round:
            self._shuffled = list(self._clips)
            random.Random(f"{self._seed}/rl/{number}").shuffle(self._shuffled)
            self._round = number
        self.position += 1
        return self._shuffled[place]
