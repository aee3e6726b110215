"""Every clip heard by the base and by each adapter; base and first adapter in the same batches.

Routed results cost nothing: they take one of two texts by a router's word.
"""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.audio import load
from engine.checkpoint import ModelFolder, with_adapter
from engine.device import release_memory
from engine.recognizer import Clip, Hypothesis, Recognizer
from engine.router import Router
from engine.transcript import USUAL_THRESHOLD
from training.adapters.fingerprint import adapter_sha256, file_sha256
from training.adapters.from_run import learnt_of
from training.adapters.learnt import Learnt
from training.evaluate.clips import EvaluationClip
from training.evaluate.store import Heard, Judged, Store, Writer

WINDOW_S = 2400.0
"""Audio given to the recogniser at once, s (64 kB each). Clips come sorted by length, so batches
are filled evenly."""

_JUDGED_AT_ONCE = 64
"""Clips in memory at once for the router."""


class Hears(Protocol):
    """The part of `engine.recognizer.Recognizer` that is needed here."""

    def stream(
        self, clips: Sequence[Clip], *, cancel: threading.Event | None = None
    ) -> Iterator[tuple[int, Hypothesis]]:
        """See there."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """An adapter to be measured.

    Attributes:
        name: for people: "clinic@2".
        adapter: its folder.
        router: that decides when it is used; None when there is none.
        threshold: degraded probability from which it is used.
        learnt: clips that it learnt from; None when that is not known.
    """

    name: str
    adapter: Path
    router: Path | None = None
    threshold: float = USUAL_THRESHOLD
    learnt: Learnt | None = None

    @property
    def own_router(self) -> bool:
        """The router came with it, and is not the model's."""
        return self.router is not None and self.router.parent == self.adapter

    @classmethod
    def of(
        cls, model: ModelFolder, name: str, adapter: Path, threshold: float | None = None
    ) -> "Candidate":
        """An adapter with the router and the threshold that it would be used with.

        Args:
            model: whose router decides where the adapter has none of its own.
            name: of the adapter, for people.
            adapter: its folder.
            threshold: None for that of the router.

        Raises:
            ModelError: the folder holds no adapter, or its router's report or what it learnt from
                is damaged.
        """
        found = with_adapter(model, adapter)
        own = found.threshold if threshold is None else threshold
        return cls(name, adapter, found.router, own, learnt_of(adapter))


@dataclass(frozen=True, slots=True)
class Texts:
    """What was heard, clip by clip in their order.

    Attributes:
        base: by the base.
        adapted: by each candidate, in their order.
        degraded_probability: by the router of each candidate; None without one.
    """

    base: list[Heard]
    adapted: list[list[Heard]]
    degraded_probability: list[list[float] | None]


class _Question(NamedTuple):
    """A clip to be heard by one model."""

    clip: EvaluationClip
    by: str
    gate: float


@dataclass(frozen=True, slots=True)
class Listener:
    """How clips are listened to.

    Attributes:
        model: the base model.
        base_sha256: of its weights; what is heard is stored under it.
        device: see `engine.device.choose`.
        dtype: see `engine.device.pick_dtype`.
        cancel: when set, the work stops at the next layer of the model.
        on_progress: called with hypotheses there are, and hypotheses there will be.
        load: loads a model with its adapter.
    """

    model: ModelFolder
    base_sha256: str
    device: str = "auto"
    dtype: str = "auto"
    cancel: threading.Event | None = None
    on_progress: Callable[[int, int], None] = lambda done, total: None
    load: Callable[[ModelFolder, str, str], Hears] = Recognizer.load

    def listen(
        self, clips: Sequence[EvaluationClip], candidates: Sequence[Candidate], store: Store
    ) -> Texts:
        """Hears what the store does not hold yet.

        Args:
            clips: to be heard.
            candidates: the adapters, at least one.
            store: where everything goes as soon as it is heard.

        Raises:
            ModelError: a model, adapter or router cannot be used.
            AudioError: a clip cannot be read any more.
            CancelledError: ``cancel`` was set; what was heard is in the store.
            StorageError: the store cannot be written.
        """
        base = f"{self.base_sha256[:16]}/{self.dtype}"
        keys = [f"{base}/{adapter_sha256(c.adapter)[:16]}" for c in candidates]
        wanted = {(clip.key, by) for clip in clips for by in (base, *keys)}
        count = itertools.count(len(wanted & store.hypotheses.keys()))
        self.on_progress(next(count), len(wanted))
        with store.writing() as writer:
            for number, (candidate, key) in enumerate(zip(candidates, keys, strict=True)):
                # The base is heard along with the first adapter, in the same batches.
                routes = ((key, 1.0), (base, 0.0)) if number == 0 else ((key, 1.0),)
                asked = [_Question(clip, by, gate) for clip in clips for by, gate in routes]
                missing = [q for q in asked if (q.clip.key, q.by) not in store.hypotheses]
                if not missing:
                    continue
                for row in self._heard_by(candidate, missing):
                    writer.heard(row)
                    self.on_progress(next(count), len(wanted))
            judged = [_judged(clips, c.router, store, writer) for c in candidates]
        return Texts(
            base=[store.hypotheses[clip.key, base] for clip in clips],
            adapted=[[store.hypotheses[clip.key, key] for clip in clips] for key in keys],
            degraded_probability=judged,
        )

    def _heard_by(self, candidate: Candidate, questions: Sequence[_Question]) -> Iterator[Heard]:
        """Loads the model with an adapter, and gives it back when all is heard."""
        release_memory()
        model = with_adapter(self.model, candidate.adapter)
        recognizer = self.load(model, self.device, self.dtype)
        for window in _windows(questions):
            yield from self._heard(recognizer, window)

    def _heard(self, recognizer: Hears, window: Sequence[_Question]) -> Iterator[Heard]:
        samples = {clip.id: load(clip.audio) for clip, _, _ in window}
        asked = [
            Clip(samples[clip.id], gate=gate, context=clip.context) for clip, _, gate in window
        ]
        for index, found in recognizer.stream(asked, cancel=self.cancel):
            yield Heard(
                clip=window[index].clip.key,
                by=window[index].by,
                text=found.text,
                language=found.language,
                confidence=round(found.confidence, 4),
                truncated=found.truncated,
            )


def _windows(questions: Sequence[_Question]) -> Iterator[list[_Question]]:
    """Questions by length, the longest first, so many seconds at once."""
    window: list[_Question] = []
    for question in sorted(questions, key=lambda q: -q.clip.duration_s):
        if window and sum(q.clip.duration_s for q in window) >= WINDOW_S:
            yield window
            window = []
        window.append(question)
    if window:
        yield window


def _judged(
    clips: Sequence[EvaluationClip], path: Path | None, store: Store, writer: Writer
) -> list[float] | None:
    """The degraded probability of every clip by one router."""
    if path is None:
        return None
    by = file_sha256(path)[:16]
    missing = [clip for clip in clips if (clip.id, by) not in store.probabilities]
    if missing:
        router = Router.load(path)
        for start in range(0, len(missing), _JUDGED_AT_ONCE):
            chosen = missing[start : start + _JUDGED_AT_ONCE]
            found = router.probabilities([load(clip.audio) for clip in chosen])
            for clip, probability in zip(chosen, found, strict=True):
                writer.judged(Judged(clip.id, by, round(float(probability), 6)))
    return [store.probabilities[clip.id, by].degraded_probability for clip in clips]
