"""A real engine process around a scripted model, so that tests decide what it hears and when.

What it does follows from the name of the recording: see `Scripted.transcribe`. Run it as a
script in place of `python -m engine.serve`.
"""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import FileIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine import serve
from engine.decide import decide
from engine.errors import CancelledError, MissingModelError, OutOfMemoryError
from engine.options import Progress, TranscribeOptions
from engine.protocol import Open
from engine.transcript import (
    DecidedBy,
    Decoding,
    Flag,
    NonSpeech,
    NonSpeechKind,
    Route,
    Segment,
    Transcript,
)

SEGMENT_S = 2.0
COUNT = 6
GAP = NonSpeech(COUNT * SEGMENT_S, COUNT * SEGMENT_S + 1.0, NonSpeechKind.SILENCE)


def script() -> list[Segment]:
    """What a recording holds: probabilities rise from 0.05 to 0.95; the last is suspicious."""
    segments = []
    for index in range(COUNT):
        probability = 0.05 + 0.9 * index / (COUNT - 1)
        route, by = decide(probability, TranscribeOptions().policy)
        start_s = index * SEGMENT_S
        flags = (Flag.REPETITION,) if index == COUNT - 1 else ()
        decoding = Decoding(route, f"{route} text {index}", "English", 0.9, flags)
        segment = Segment(start_s, start_s + SEGMENT_S, degraded_probability=probability)
        segments.append(segment.with_decoding(decoding).choosing(route, by))
    return segments


class Scripted:
    """A model that reads from the script."""

    device = "cpu"

    def __init__(self, request: Open) -> None:
        if request.model == "missing":
            raise MissingModelError("There is no model 'missing'.", "", "Choose another.")
        self.model = request.model
        self.device_reason = f"asked for {request.device}"

    def transcribe(
        self,
        path: Path,
        options: TranscribeOptions,
        *,
        on_progress: Callable[[Progress], None],
        on_segment: Callable[[int, Segment], None],
        on_non_speech: Callable[[NonSpeech], None],
        cancel: threading.Event,
    ) -> Transcript:
        """Reads the script from ``options.start_s`` on.

        A name that contains "dies" kills the process after two segments, "fails" raises
        `OutOfMemoryError` after two, "crashes" raises an error that nobody foresaw, "waits" goes
        on only when cancelled, "prints" writes to what it takes for standard output.
        """
        todo = [segment for segment in script() if segment.start_s >= options.start_s]
        done: list[Segment] = []
        for index, segment in enumerate(todo):
            if index == 2:
                self._interrupt(path.name, options, cancel)
            if cancel.is_set():
                return self._transcript(path, done, complete=False)
            route, by = decide(segment.degraded_probability, options.policy)
            decoding = replace(
                segment.alternatives[0],
                route=route,
                text=f"{route} text {round(segment.start_s / SEGMENT_S)}",
            )
            segment = replace(segment, alternatives=()).with_decoding(decoding).choosing(route, by)
            done.append(segment)
            on_segment(index, segment)
            on_progress(Progress(segment.end_s, GAP.end_s))
        on_non_speech(GAP)
        on_progress(Progress(GAP.end_s, GAP.end_s))
        return self._transcript(path, done, complete=True)

    def decode(
        self,
        path: Path,
        segments: Sequence[Segment],
        routes: Sequence[Route],
        options: TranscribeOptions,
        *,
        on_segment: Callable[[int, Segment], None],
        cancel: threading.Event,
    ) -> list[Segment]:
        """Says for each segment which route was asked for."""
        result = []
        for index, (segment, route) in enumerate(zip(segments, routes, strict=True)):
            self._interrupt(path.name, options, cancel)
            if cancel.is_set():
                raise CancelledError("The transcription was cancelled.")
            decoding = Decoding(route, f"{route} again {segment.start_s:g}", "English", 0.8)
            chosen, by = decide(segment.degraded_probability, options.policy)
            by = by if chosen is route else DecidedBy.USER
            result.append(segment.with_decoding(decoding).choosing(route, by))
            on_segment(index, result[-1])
        return result

    def _interrupt(self, name: str, options: TranscribeOptions, cancel: threading.Event) -> None:
        first_try = options.start_s == 0.0
        if "dies" in name and first_try:
            os.kill(os.getpid(), 9)
        if "fails" in name and first_try:
            raise OutOfMemoryError("The GPU ran out of memory.", "2 segments are kept.", "Use CPU.")
        if "crashes" in name:
            raise ZeroDivisionError("nobody foresaw this")
        if "waits" in name:
            cancel.wait()
        if "prints" in name:
            print("a library prints")
            os.write(1, b"WILD a library writes to descriptor 1")

    def _transcript(self, path: Path, done: list[Segment], *, complete: bool) -> Transcript:
        return Transcript(str(path), GAP.end_s, tuple(done), (GAP,), self.model, complete=complete)


if __name__ == "__main__":
    sys.exit(serve.Server(FileIO(0, closefd=False), serve._private_stdout(), Scripted).run())
