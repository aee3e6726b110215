"""A transcriber that is told what it hears, and a console that can be read."""

import io
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.cli.console import Console
from engine.errors import WildscribeError
from engine.options import Progress, TranscribeOptions
from engine.transcript import DecidedBy, Decoding, Route, Segment, Transcript

SEGMENT_S = 10.0


def segment(index: int, text: str, route: Route = Route.BASE) -> Segment:
    decoding = Decoding(route, text, "English", 0.9)
    heard = Segment(
        start_s=index * SEGMENT_S,
        end_s=(index + 1) * SEGMENT_S,
        degraded_probability=0.9 if route is Route.ROBUST else 0.1,
    )
    return heard.with_decoding(decoding).choosing(route, DecidedBy.ROUTER)


@dataclass
class ScriptedTranscriber:
    """Hears, in each file, the sentences written down for it.

    Attributes:
        sentences: file name -> sentences, one a segment; an error is raised in its place.
        warnings: what every transcript warns of.
        after_segment: called after each delivered segment.
        asked: the options of each call.
    """

    sentences: Mapping[str, list[str | WildscribeError]]
    warnings: tuple[str, ...] = ()
    after_segment: Callable[[], None] = lambda: None
    model: str = "scripted"
    asked: list[TranscribeOptions | None] = field(default_factory=list)

    def transcribe(
        self,
        path: str | Path,
        options: TranscribeOptions | None = None,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        on_segment: Callable[[int, Segment], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Transcript:
        self.asked.append(options)
        sentences = self.sentences[Path(path).name]
        total_s = len(sentences) * SEGMENT_S
        segments: list[Segment] = []
        for index, sentence in enumerate(sentences):
            if cancel is not None and cancel.is_set():
                break
            if isinstance(sentence, WildscribeError):
                raise sentence
            segments.append(segment(index, sentence, list(Route)[index % 2]))
            if on_segment is not None:
                on_segment(index, segments[-1])
            if on_progress is not None:
                on_progress(Progress(segments[-1].end_s, total_s))
            self.after_segment()
        return Transcript(
            source=str(path),
            duration_s=total_s,
            segments=tuple(segments),
            model=self.model,
            warnings=self.warnings,
            complete=len(segments) == len(sentences),
        )


@dataclass(frozen=True)
class Screen:
    """A console whose two streams can be read."""

    console: Console
    out: io.StringIO
    err: io.StringIO


@pytest.fixture
def screen() -> Screen:
    out, err = io.StringIO(), io.StringIO()
    return Screen(Console(out, err, clock=lambda: 0.0), out, err)
