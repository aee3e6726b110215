"""Cuts a stream into segments at its pauses, while it comes.

Everything is counted in windows of 512 samples. Three layers, each fed by the one before:

1. Runs: windows that may be speech, by two thresholds. A run too short to be a syllable, without
   one window that is sure, is dropped.
2. Pieces: runs whose pauses are too short to part them. A piece that grows beyond the longest
   segment is split at its longest pause, or, if it has none, where it is quietest. The last
   piece waits a moment for a short neighbour to join it.
3. Stretches: pieces with their padding, and silence or noise between them, without gap.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from engine.samples import SAMPLE_RATE_HZ, Samples
from engine.segments.stretch import WINDOW, CutOptions, Stretch, StretchKind
from engine.segments.tape import Tape
from engine.segments.vad import Probabilities


@dataclass(slots=True)
class _Piece:
    """Speech between two pauses.

    Attributes:
        start: window at which its stretch begins, padding included.
        runs: [first, last) windows of speech, in order; the last run may still grow.
    """

    start: int
    runs: list[tuple[int, int]]

    @property
    def first(self) -> int:
        return self.runs[0][0]

    @property
    def last(self) -> int:
        return self.runs[-1][1]


class Cutter:
    """Takes samples and their speech probabilities, gives stretches as they close.

    Holds the audio of the longest segment and a few seconds. What it gives depends on the samples
    and probabilities alone, not on how they come in blocks. Times and lengths are kept to a
    window (32 ms).

    Args:
        options: see `CutOptions`.
    """

    def __init__(self, options: CutOptions) -> None:
        self._options = options
        self._longest = int(options.max_segment_s * SAMPLE_RATE_HZ) // WINDOW
        # Clamped so that a short piece with its neighbour always fits into a segment.
        self._shortest = min(_windows(options.min_segment_s), self._longest // 6)
        self._join = min(_windows(options.join_s), self._longest // 6)
        self._pause = min(_windows(options.pause_s), self._join)
        self._pad = min(_windows(options.pad_s), self._longest // 8)
        self._gap = min(_windows(options.min_gap_s), self._longest // 4)
        self._syllable = _windows(options.min_speech_s)
        self._tape = Tape()
        self._done = 0
        """Windows given away in stretches."""
        self._run: tuple[int, float] | None = None
        """First window and highest probability of the run going on."""
        self._open: _Piece | None = None
        self._waiting: _Piece | None = None
        self._retired_to = 0
        self._retired_energy = 0.0

    @property
    def held_s(self) -> float:
        """Audio held in memory, s."""
        return (self._tape.count - self._tape.origin * WINDOW) / SAMPLE_RATE_HZ

    @property
    def quiet_s(self) -> float:
        """Audio since the last stretch that is known to hold no speech, s."""
        return max(0, self._retired_to - self._done) * WINDOW / SAMPLE_RATE_HZ

    def push(self, samples: Samples, probabilities: Probabilities) -> Iterator[Stretch]:
        """Takes the next samples, and the probabilities that are now known.

        Args:
            samples: mono 16 kHz float32 [n].
            probabilities: in [0, 1], of the windows that follow those given so far; may lag.

        Raises:
            ValueError: more probabilities than samples.
        """
        self._tape.push(samples)
        for probability in probabilities.tolist():
            yield from self._step(probability)
        self._retire()

    def finish(self, probabilities: Probabilities) -> Iterator[Stretch]:
        """Takes the last probabilities and closes what is open.

        Raises:
            ValueError: not every window has a probability.
        """
        self._tape.finish()
        for probability in probabilities.tolist():
            yield from self._step(probability)
        end = self._tape.known
        if end * WINDOW < self._tape.count:
            raise ValueError(f"probabilities end {self._tape.count - end * WINDOW} samples early")
        if self._open is not None:
            yield from self._close(self._open)
        if (piece := self._waiting) is not None:
            near = end - piece.last < self._pad + self._gap // 2
            yield from self._speech(piece.start, end if near else piece.last + self._pad)
        yield from self._rest(end)

    # 1. Runs

    def _step(self, probability: float) -> Iterator[Stretch]:
        now = self._tape.known
        self._tape.judge(probability)
        options = self._options
        threshold = options.pause_threshold if self._run else options.speech_threshold
        if probability < threshold:
            self._run = None
        else:
            first, highest = self._run or (now, 0.0)
            self._run = (first, max(highest, probability))
            if now + 1 - first >= self._syllable or self._run[1] >= options.sure_threshold:
                self._hear(first, now + 1)
        yield from self._settle()

    # 2. Pieces

    def _hear(self, first: int, end: int) -> None:
        """Adds a run, or lengthens the run going on."""
        if self._open is None:
            self._open = _Piece(self._starting_at(first), [(first, end)])
        elif self._open.runs[-1][0] == first:
            self._open.runs[-1] = (first, end)
        else:
            self._open.runs.append((first, end))

    def _starting_at(self, first: int) -> int:
        """Where the stretch of a piece begins whose speech begins at ``first``."""
        if self._waiting is not None:
            return self._boundary(self._waiting.last, first)[1]
        if first - self._done < self._pad + self._gap // 2:
            return self._done
        return first - self._pad

    def _boundary(self, last: int, first: int) -> tuple[int, int]:
        """End and start of the stretches around a pause [last, first)."""
        if first - last < 2 * self._pad + self._gap:
            middle = (last + first) // 2
            return middle, middle
        return last + self._pad, first - self._pad

    def _settle(self) -> Iterator[Stretch]:
        """Closes, splits and gives away what can no longer change."""
        quiet_to = self._tape.known if self._run is None else self._run[0]
        while self._open is not None and self._reach(self._open.start, self._open) > self._longest:
            yield from self._split(self._open)
        if (piece := self._open) is not None:
            pause = quiet_to - piece.last
            long_enough = piece.last - piece.first >= self._shortest
            if pause >= (self._pause if long_enough else self._join):
                yield from self._close(piece)
            elif self._waiting is not None and (long_enough or not self._may_join(piece)):
                yield from self._give(self._waiting, piece)
        elif self._waiting is not None:
            far = max(self._join, 2 * self._pad + self._gap)
            if quiet_to - self._waiting.last > far:
                waiting, self._waiting = self._waiting, None
                yield from self._speech(waiting.start, waiting.last + self._pad)

    def _reach(self, start: int, piece: _Piece) -> int:
        """Longest that a stretch from ``start`` to the end of ``piece`` may become."""
        return piece.last + self._pad + self._gap // 2 + 1 - start

    def _may_join(self, piece: _Piece) -> bool:
        """Whether ``piece`` is near the waiting one, and both fit into one segment."""
        waiting = self._waiting
        if waiting is None or piece.first - waiting.last > self._join:
            return False
        return self._reach(waiting.start, piece) <= self._longest

    def _close(self, piece: _Piece) -> Iterator[Stretch]:
        """The piece has ended: it joins the waiting one if it is short, or waits in its place."""
        self._open = None
        short = piece.last - piece.first < self._shortest
        if self._waiting is not None and short and self._may_join(piece):
            self._waiting.runs += piece.runs
            return
        if self._waiting is not None:
            yield from self._give(self._waiting, piece)
        self._waiting = piece

    def _split(self, piece: _Piece) -> Iterator[Stretch]:
        """Gives the first part of a piece that has become too long; the other stays open."""
        at = self._longest_pause(piece)
        if at is None:
            first, last = piece.runs[-1]
            earliest = max(piece.start + self._longest // 2, first + 1)
            cut = self._tape.quietest(earliest, last - self._shortest)
            parts = [*piece.runs[:-1], (first, cut)], [(cut, last)]
            if self._run is not None:
                self._run = (cut, self._run[1])
        else:
            parts = piece.runs[:at], piece.runs[at:]
        left = _Piece(piece.start, parts[0])
        right = _Piece(self._boundary(left.last, parts[1][0][0])[1], parts[1])
        if self._waiting is not None:
            yield from self._give(self._waiting, left)
        yield from self._give(left, right)
        self._open = right

    def _longest_pause(self, piece: _Piece) -> int | None:
        """Index of the run before which to split: the longest pause, near the end if possible."""
        half, short = piece.start + self._longest // 2, self._shortest
        for earliest, latest in (
            (half, piece.last - short),
            (half, piece.last),
            (piece.start + short, piece.last),
        ):
            pauses = [
                (after[0] - before[1], index)
                for index, (before, after) in enumerate(
                    zip(piece.runs, piece.runs[1:], strict=False), start=1
                )
                if earliest <= before[1] and after[0] <= latest
            ]
            if pauses:
                return max(pauses)[1]
        return None

    # 3. Stretches

    def _give(self, piece: _Piece, following: _Piece) -> Iterator[Stretch]:
        if piece is self._waiting:
            self._waiting = None
        yield from self._speech(piece.start, self._boundary(piece.last, following.first)[0])

    def _speech(self, start: int, end: int) -> Iterator[Stretch]:
        yield from self._rest(start)
        tape = self._tape
        samples, speech_s = tape.samples(start, end), tape.speech_s(start, end)
        stop = start * WINDOW + len(samples)
        yield Stretch(start * WINDOW, stop, StretchKind.SPEECH, samples, speech_s)
        self._forget(end)

    def _rest(self, end: int) -> Iterator[Stretch]:
        """Silence or noise, from what was given last to ``end``."""
        if end <= self._done:
            return
        start, retired = self._done, max(self._done, self._retired_to)
        energy = self._retired_energy + self._tape.energy(retired, end)
        level_dbfs = 10.0 * math.log10(energy / (end - start) + 1e-20)
        silent = level_dbfs < self._options.silence_dbfs
        kind = StretchKind.SILENCE if silent else StretchKind.NOISE
        yield Stretch(start * WINDOW, min(end * WINDOW, self._tape.count), kind)
        self._forget(end)

    def _forget(self, end: int) -> None:
        self._done, self._retired_energy = end, 0.0
        self._tape.forget(end)

    def _retire(self) -> None:
        """In a long silence, keeps of it only its energy, and what may become padding."""
        if self._open is not None or self._waiting is not None:
            return
        first = self._tape.known if self._run is None else self._run[0]
        end = first - self._pad - self._gap
        start = max(self._done, self._retired_to)
        if end > start:
            self._retired_energy += self._tape.energy(start, end)
            self._retired_to = end
            self._tape.forget(end)


def _windows(seconds: float) -> int:
    return max(1, round(seconds * SAMPLE_RATE_HZ / WINDOW))
