"""How far and how fast the engine is. Knows no Qt."""

import time


class Speed:
    """Audio seconds a second, measured from what the engine reports."""

    def __init__(self) -> None:
        self._speed: float | None = None
        self._first: tuple[float, float] | None = None

    def restart(self) -> None:
        """Another request begins; what was measured holds until there is something newer."""
        self._first = None

    def measure(self, done_s: float) -> None:
        """So much audio is done now."""
        now = time.monotonic()
        if self._first is None:
            self._first = now, done_s
            return
        begun, from_s = self._first
        if now > begun and done_s > from_s:
            self._speed = (done_s - from_s) / (now - begun)

    def time_for(self, audio_s: float) -> float | None:
        """How long so much audio will take, s; None before anything was measured."""
        return None if self._speed is None else audio_s / self._speed


class Order:
    """Segments come in any order; finds up to where they are without a gap."""

    def __init__(self) -> None:
        self._next = 0
        self._early: dict[int, float] = {}

    def take(self, index: int, end_s: float, heard_s: float) -> float:
        """Takes a segment.

        Args:
            index: its place.
            end_s: where it ends.
            heard_s: up to where there was no gap.

        Returns:
            Up to where there is none now.
        """
        self._early[index] = end_s
        while self._next in self._early:
            heard_s = self._early.pop(self._next)
            self._next += 1
        return heard_s
