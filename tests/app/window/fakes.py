"""Collaborators of the presenters that the test plays itself."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.client import Ask, EngineSettings
from app.library import Document
from app.window.document.model import DocumentModel
from app.window.document.presenter import DocumentPresenter
from app.window.document.state import DocumentState
from app.window.problem import Problem
from app.window.services import Services
from engine.errors import DeviceError, WildscribeError
from engine.options import Progress
from engine.protocol import Failed, Finished, NonSpeechFound, Progressed, Reply, SegmentReady
from engine.transcript import DecidedBy, Decoding, Flag, NonSpeech, Route, Segment, Transcript


class FakeEngine:
    """Takes requests; the test gives the replies."""

    def __init__(self) -> None:
        self.settings = EngineSettings()
        self.device = ""
        self.asks: list[Ask] = []
        self.cancelled: list[Ask] = []

    def submit(self, ask: Ask) -> None:
        self.asks.append(ask)

    def cancel(self, ask: Ask) -> None:
        self.cancelled.append(ask)

    def use(self, settings: EngineSettings) -> None:
        self.settings = settings

    def hears(self, index: int, segment: Segment) -> None:
        self._reply(SegmentReady(0, index, segment))

    def finds_pause(self, pause: NonSpeech) -> None:
        self._reply(NonSpeechFound(0, pause))

    def progresses(self, progress: Progress) -> None:
        self._reply(Progressed(0, progress.done_s, progress.total_s))

    def finishes(self, duration_s: float = 0.0, *, complete: bool = True) -> None:
        summary = Transcript("", duration_s, model="mini", complete=complete)
        self._reply(Finished(0, summary))

    def fails(self, error: WildscribeError) -> None:
        self._reply(Failed.because(0, error, "details"))

    def _reply(self, reply: Reply) -> None:
        self.asks[-1].hear(reply)


class FakeSaving:
    """Keeps the newest state of each document."""

    def __init__(self) -> None:
        self.saved: dict[str, Document] = {}

    def put(self, document: Document) -> None:
        self.saved[document.id] = document


class FakePlayer:
    """Plays nothing; the test says when the sound is over."""

    def __init__(self) -> None:
        self.played: list[NDArray[np.float32]] = []
        self.end: Callable[[], None] | None = None
        self.refusal: DeviceError | None = None

    def play(self, samples: NDArray[np.float32], rate_hz: int, on_end: Callable[[], None]) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.played.append(samples)
        self.end = on_end

    def stop(self) -> None:
        self.end = None


class FakeView:
    """What a document's view was told."""

    def __init__(self) -> None:
        self.state: DocumentState | None = None
        self.revealed: float | None = None

    @property
    def problem(self) -> Problem | None:
        return self.state.problem if self.state else None

    def show_state(self, state: DocumentState) -> None:
        self.state = state

    def reveal(self, start_s: float) -> None:
        self.revealed = start_s


class Desk:
    """A document presenter with everything around it played by the test."""

    def __init__(self, source: Path, *segments: Segment) -> None:
        self.engine = FakeEngine()
        self.saving = FakeSaving()
        self.player = FakePlayer()
        self.view = FakeView()
        document = Document.of(source).with_segments(segments)
        services = Services(self.engine, self.saving, self.player)
        self.presenter = DocumentPresenter(DocumentModel(document), services)
        self.presenter.attach(self.view)

    @property
    def texts(self) -> list[str]:
        return [segment.text for segment in self.presenter.model.document.segments]

    @property
    def saved(self) -> Document:
        return self.saving.saved[self.presenter.model.document.id]


def segment(
    start_s: float, probability: float = 0.1, *routes: Route, flags: tuple[Flag, ...] = ()
) -> Segment:
    """Two seconds of speech, read by these routes; the first one is shown."""
    routes = routes or (Route.ROBUST if probability >= 0.5 else Route.BASE,)
    made = Segment(start_s, start_s + 2.0, degraded_probability=probability)
    for route in routes:
        made = made.with_decoding(Decoding(route, f"{route} {start_s:g}", "English", 0.9, flags))
    return made.choosing(routes[0], DecidedBy.ROUTER)
