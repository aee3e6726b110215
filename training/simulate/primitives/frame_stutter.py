"""Frame-level stutter: frames lost in bursts on the way, and what is heard in their place."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from training.simulate import effect
from training.simulate.effect import SAMPLE_RATE, Applied, Materials, Wave, scaled
from training.simulate.level import within_full_scale
from training.simulate.primitives import loss_concealment

Heard = Literal["silence", "frozen", "concealed", "late", "swapped"]
Frames = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FrameStutter:
    """The Gilbert-Elliott channel, all of whose frames arrive in one state and none in the other.

    A frame that arrives is followed by a lost one with probability p, a lost one by one that
    arrives with probability r; so bursts are 1/r frames long on average and p / (p + r) of all
    frames are lost.

    Attributes:
        loss_pct: share of frames lost, in percent.
        burst_ms: mean length of a run of lost frames; at least `frame_ms`, and long enough for
            `loss_pct` (more than half of all frames can't be lost one by one).
        frame_ms: length of a frame.
        heard: in the place of a burst. "silence"; "frozen": the last frame that arrived, again and
            again; "concealed": its last pitch period again and again, fading; "late": silence for
            the first half, then the frames as they come in, the rest is thrown away; "swapped":
            the burst and the frame before it in reverse order.
        jitter_ms: how far a frame that arrives may be played too early or too late.
        seed: of which frames.
    """

    loss_pct: float
    burst_ms: float = 60.0
    frame_ms: float = 20.0
    heard: Heard = "silence"
    jitter_ms: float = 0.0
    seed: int = 0

    name: ClassVar[str] = "frame_stutter"

    def __post_init__(self) -> None:
        if not 0.0 <= self.loss_pct < 100.0 or self.frame_ms < 5.0 or self.jitter_ms < 0.0:
            raise ValueError(f"no channel of {self}")
        if self.heard not in get_args(Heard):
            raise ValueError(f"nothing is heard as {self.heard!r}")
        if self.burst_ms < self.frame_ms or self.transitions[0] > 1.0:
            raise ValueError(f"{self.loss_pct} % can't be lost in bursts of {self.burst_ms} ms")

    @property
    def transitions(self) -> tuple[float, float]:
        """(p, r): of losing the frame after one that arrived, of getting the one after a loss."""
        r = self.frame_ms / self.burst_ms
        return r * self.loss_pct / (100.0 - self.loss_pct), r

    @classmethod
    def draw(cls, severity: float, rng: np.random.Generator, materials: Materials) -> Self:
        """Any kind of line; its loss and its bursts grow with severity."""
        frame_ms = float(rng.choice((20.0, 30.0, 40.0, 60.0)))
        return cls(
            loss_pct=scaled(severity, 2.0, 55.0, rng),
            burst_ms=max(frame_ms, scaled(severity, 60.0, 200.0, rng, logarithmic=True)),
            frame_ms=frame_ms,
            heard=get_args(Heard)[rng.integers(len(get_args(Heard)))],
            jitter_ms=scaled(severity, 0.0, 0.5, rng),
            seed=effect.seed(rng),
        )

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        """Measured: frames, lost_frames, bursts."""
        size = round(self.frame_ms / 1_000.0 * SAMPLE_RATE)
        count = -(-len(wave) // size)
        rng = np.random.default_rng(self.seed)
        lost = self._lost(count, rng)
        # One entry a burst: where it starts, how many frames it has.
        edges = np.flatnonzero(np.diff(lost, prepend=False, append=False))
        starts, lengths = edges[::2], np.diff(edges)[::2]
        measured = {
            "frames": count,
            "lost_frames": int(lengths.sum()),
            "bursts": len(starts),
        }
        padded = np.pad(wave, (0, count * size - len(wave)))
        heard = self._arrived(padded.reshape(count, size), rng)
        if len(starts):
            self._fill(heard, lost, starts, lengths)
        heard = heard.reshape(-1)[: len(wave)]
        return Applied(within_full_scale(heard)[0], measured)

    def _lost(self, count: int, rng: np.random.Generator) -> Frames:
        """Which frames are lost: runs of both states have geometric lengths."""
        p, r = self.transitions
        if p == 0.0:
            return np.zeros(count, bool)
        runs = 2 * (8 + int(1.5 * count * p))  # nearly always enough; else more are drawn below
        state = rng.random() < self.loss_pct / 100.0
        lost = np.zeros(0, bool)
        while len(lost) < count:
            lengths = np.empty(runs, np.int64)
            lengths[int(state) :: 2] = rng.geometric(p, runs // 2)
            lengths[int(not state) :: 2] = rng.geometric(r, runs // 2)
            states = np.arange(runs) % 2 == (0 if state else 1)
            lost = np.concatenate([lost, np.repeat(states, lengths)])
        return lost[:count]

    def _arrived(self, frames: Wave, rng: np.random.Generator) -> Wave:
        """All frames, each moved by its own jitter."""
        if not self.jitter_ms:
            return frames.copy()
        reach = self.jitter_ms / 1_000.0 * SAMPLE_RATE
        moved = np.rint(rng.uniform(-reach, reach, size=(len(frames), 1))).astype(np.int64)
        at = np.arange(frames.size).reshape(frames.shape) + moved
        jittered: Wave = frames.reshape(-1)[np.clip(at, 0, frames.size - 1)]
        return jittered

    def _fill(
        self,
        frames: Wave,
        lost: Frames,
        starts: npt.NDArray[np.intp],
        lengths: npt.NDArray[np.intp],
    ) -> None:
        """Puts into the place of lost frames what is heard there."""
        at = np.flatnonzero(lost)
        start, length = np.repeat(starts, lengths), np.repeat(lengths, lengths)
        step = at - start
        if self.heard == "silence":
            frames[at] = 0.0
        elif self.heard == "frozen":
            frames[at] = np.where(start[:, None] > 0, frames[start - 1], np.float32(0.0))
        elif self.heard == "late":
            late = (length + 1) // 2
            arrived = (step >= late)[:, None]
            frames[at] = np.where(arrived, frames[at - late], np.float32(0.0))
        elif self.heard == "swapped":
            first = np.maximum(starts - 1, 0)
            total = starts + lengths - first
            place = np.arange(int(total.sum())) - np.repeat(np.cumsum(total) - total, total)
            first, total = np.repeat(first, total), np.repeat(total, total)
            frames[first + place] = frames[first + total - 1 - place]
        else:
            loss_concealment.fill(frames, starts, lengths)
