"""The engine process: `python -m engine.serve`. Speaks `engine.protocol` over its pipes.

The window starts it, and it ends when the window does: the end of its input is the order to stop.
"""

import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import FileIO, RawIOBase
from pathlib import Path
from typing import Protocol

from engine.errors import CancelledError, ProtocolError, UsageError, WildscribeError
from engine.options import Progress, TranscribeOptions
from engine.protocol import (
    Cancel,
    Decode,
    Decoder,
    Failed,
    Finished,
    Hello,
    Job,
    NonSpeechFound,
    Open,
    Progressed,
    Reply,
    Request,
    SegmentReady,
    Shutdown,
    Transcribe,
    encode,
)
from engine.transcript import NonSpeech, Route, Segment, Transcript

OnSegment = Callable[[int, Segment], None]
OnNonSpeech = Callable[[NonSpeech], None]
OnProgress = Callable[[Progress], None]


class Hearing(Protocol):
    """What the loop needs of a loaded model; `engine.transcriber.Transcriber` has it."""

    @property
    def model(self) -> str:
        """Name of the model, as people know it."""

    @property
    def device(self) -> str:
        """Where it runs: "cpu", "cuda:0"."""

    @property
    def device_reason(self) -> str:
        """Why it runs there, one sentence."""

    def transcribe(
        self,
        path: Path,
        options: TranscribeOptions,
        *,
        on_progress: OnProgress,
        on_segment: OnSegment,
        on_non_speech: OnNonSpeech,
        cancel: threading.Event,
    ) -> Transcript:
        """Hears a file; see `Transcriber.transcribe`."""

    def decode(
        self,
        path: Path,
        segments: Sequence[Segment],
        routes: Sequence[Route],
        options: TranscribeOptions,
        *,
        on_segment: OnSegment,
        cancel: threading.Event,
    ) -> Sequence[Segment]:
        """Hears some segments again; see `Transcriber.decode`."""


Opener = Callable[[Open], Hearing]


class Server:
    """Answers requests one after the other; only `Cancel` is heard while one is at work.

    Args:
        reader: where requests come from, unbuffered.
        writer: where replies go, unbuffered; nothing else may write there.
        opener: loads the model of an `Open` request.
    """

    def __init__(self, reader: RawIOBase, writer: RawIOBase, opener: Opener) -> None:
        self._reader = reader
        self._writer = writer
        self._opener = opener
        self._hearing: Hearing | None = None
        self._refusal: WildscribeError | None = None
        self._inbox: queue.SimpleQueue[Job | Shutdown | WildscribeError] = queue.SimpleQueue()
        self._cancels: dict[int, threading.Event] = {}

    def run(self) -> int:
        """Serves until the input ends, `Shutdown` comes, or the window has gone.

        Returns:
            The exit code of the process: 0, or 5 when the window sent nonsense.
        """
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        while True:
            job = self._inbox.get()
            if isinstance(job, Shutdown):
                return 0
            try:
                if isinstance(job, WildscribeError):
                    self._send(Failed.because(0, job))
                    return job.exit_code
                self._send(self._answer(job))
            except _WindowGoneError:
                return 0

    def _answer(self, job: Job) -> Reply:
        cancel = self._cancels[job.job]
        try:
            if cancel.is_set():
                raise CancelledError("Stopped before it began.")
            return self._do(job, cancel)
        except _WindowGoneError:
            raise
        except WildscribeError as error:
            return Failed.because(job.job, error, traceback.format_exc())
        except Exception as error:  # noqa: BLE001 - the engine's outer boundary reports everything
            unforeseen = WildscribeError(
                f"The engine met an error that nobody foresaw: {type(error).__name__}: {error}",
                "Everything that was finished is kept.",
                "Try again; if it happens again, please report it with the details.",
            )
            return Failed.because(job.job, unforeseen, traceback.format_exc())
        finally:
            del self._cancels[job.job]

    def _do(self, job: Job, cancel: threading.Event) -> Reply:
        if isinstance(job, Open):
            return self._open(job)
        if self._hearing is None:
            raise self._refusal or UsageError("No model is loaded.", remedy="Choose a model.")

        def on_segment(index: int, segment: Segment) -> None:
            self._send(SegmentReady(job.job, index, segment))

        if isinstance(job, Decode):
            self._hearing.decode(
                Path(job.path),
                job.segments,
                job.routes,
                job.options,
                on_segment=on_segment,
                cancel=cancel,
            )
            return Finished(job.job)
        return self._transcribe(self._hearing, job, on_segment, cancel)

    def _open(self, job: Open) -> Hello:
        self._hearing = None
        try:
            self._hearing = self._opener(job)
        except WildscribeError as error:
            self._refusal = error
            raise
        return Hello(
            job.job, self._hearing.model, self._hearing.device, self._hearing.device_reason
        )

    def _transcribe(
        self, hearing: Hearing, job: Transcribe, on_segment: OnSegment, cancel: threading.Event
    ) -> Finished:
        def on_progress(progress: Progress) -> None:
            self._send(Progressed(job.job, progress.done_s, progress.total_s))

        def on_non_speech(stretch: NonSpeech) -> None:
            self._send(NonSpeechFound(job.job, stretch))

        transcript = hearing.transcribe(
            Path(job.path),
            job.options,
            on_progress=on_progress,
            on_segment=on_segment,
            on_non_speech=on_non_speech,
            cancel=cancel,
        )
        return Finished(job.job, replace(transcript, segments=(), non_speech=()))

    def _send(self, reply: Reply) -> None:
        frame = memoryview(encode(reply))
        try:
            while frame:
                frame = frame[self._writer.write(frame) :]
        except OSError as error:
            raise _WindowGoneError from error

    def _read(self) -> None:
        """The reader thread: hears `Cancel` at once, queues the rest in order."""
        decoder: Decoder[Request] = Decoder(Request)
        try:
            while piece := self._reader.read(2**16):
                for request in decoder.feed(piece):
                    if isinstance(request, Shutdown):
                        self._inbox.put(request)
                        return
                    self._take(request)
        except ProtocolError as error:
            self._inbox.put(error)
        except OSError:
            pass  # The pipe broke: as good as the end of the input.
        for cancel in list(self._cancels.values()):
            cancel.set()
        self._inbox.put(Shutdown())

    def _take(self, request: Job | Cancel) -> None:
        if isinstance(request, Cancel):
            if cancel := self._cancels.get(request.job):
                cancel.set()
            return
        self._cancels[request.job] = threading.Event()
        self._inbox.put(request)


class _WindowGoneError(Exception):
    """Nobody reads the replies any more."""


def _private_stdout() -> RawIOBase:
    """The real standard output, for frames alone: whatever else prints goes to standard error."""
    sys.stdout.flush()
    private = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return FileIO(private, "wb")


def _open_transcriber(request: Open) -> Hearing:
    from engine.transcriber import Transcriber  # late: brings torch

    return Transcriber.open(request.model, device=request.device, dtype=request.dtype)


def main() -> int:
    """Entry point of the process."""
    # Unbuffered: a thread that waits in a buffered reader would block the end of the process.
    return Server(FileIO(0, "rb", closefd=False), _private_stdout(), _open_transcriber).run()


if __name__ == "__main__":
    sys.exit(main())
