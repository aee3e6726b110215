"""The engine process, as the window sees it."""

import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal

import engine
from app.client.ask import Ask
from engine.errors import (
    CancelledError,
    EngineDiedError,
    EngineError,
    ProtocolError,
    WildscribeError,
)
from engine.protocol import Cancel, Decoder, Failed, Finished, Hello, Open, Reply, Request, encode

COMMAND = (sys.executable, "-m", "engine.serve")
_PACKAGES = Path(engine.__file__).resolve().parent.parent
_PATIENCE_MS = 3000
_KEPT_LINES = 200


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Which model, and where; values as `engine.transcriber.Transcriber.open` takes them."""

    model: str = "mini"
    device: str = "auto"
    dtype: str = "auto"

    def opening(self, job: int) -> Open:
        """The request that loads this model."""
        return Open(job, self.model, self.device, self.dtype)


class EngineClient(QObject):
    """Owns the engine process: starts it when there is something to do, and again when it died.

    One request is at work at a time; the others wait in order. QProcess delivers what the process
    says as signals of the window's own event loop, so there is neither a thread nor polling.

    Args:
        settings: the model to load.
        command: the program; tests put their own in its place.
        parent: owner.
    """

    greeted = Signal(Hello)
    """A model is loaded."""
    refused = Signal(WildscribeError)
    """The model could not be loaded; every request will fail with the same error."""
    died = Signal(EngineDiedError)
    """The process ended on its own; the request at work has failed with the same error."""

    def __init__(
        self,
        settings: EngineSettings | None = None,
        command: Sequence[str] = COMMAND,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings or EngineSettings()
        self.device = ""
        """Where the model runs: "cpu", "cuda:0"; empty before that is known."""
        self._command = tuple(command)
        self._numbers = count(1)
        self._waiting: deque[Ask] = deque()
        self._current: Ask | None = None
        self._process: QProcess | None = None
        self._decoder: Decoder[Reply] = Decoder(Reply)
        self._said: deque[str] = deque(maxlen=_KEPT_LINES)

    @property
    def process_id(self) -> int | None:
        """Of the engine process while it lives."""
        return self._process.processId() if self._process else None

    def start(self) -> None:
        """Starts the process and loads the model ahead of the first request."""
        if self._process is None:
            self._start()

    def use(self, settings: EngineSettings) -> None:
        """Loads another model or takes another device, from the next request on."""
        if settings != self.settings:
            self.settings = settings
            if self._process is not None:
                self._send(settings.opening(next(self._numbers)))

    def submit(self, ask: Ask) -> None:
        """Takes a request; see `Ask`."""
        self._waiting.append(ask)
        self._next()

    def cancel(self, ask: Ask) -> None:
        """Stops a request, at work or waiting."""
        if ask is self._current:
            self._send(Cancel(ask.request.job))
        elif ask in self._waiting:
            self._waiting.remove(ask)
            ask.fail(CancelledError("Stopped before it began."))

    def close(self) -> None:
        """Ends the process: its input ends, and it follows; if it will not, it is killed."""
        self._waiting.clear()
        self._current = None
        process = self._forget()
        if process is None:
            return
        process.closeWriteChannel()
        if not process.waitForFinished(_PATIENCE_MS):
            process.kill()
            process.waitForFinished()
        process.deleteLater()

    def _next(self) -> None:
        if self._current is None and self._waiting:
            self._current = self._waiting.popleft()
            self.start()
            self._send(self._current.numbered(next(self._numbers)))

    def _start(self) -> None:
        process = QProcess(self)
        process.setProgram(self._command[0])
        process.setArguments(list(self._command[1:]))
        process.setWorkingDirectory(str(_PACKAGES))  # where `-m` finds the engine
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_errors)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._start_failed)
        self._process, self._decoder = process, Decoder(Reply)
        self._said.clear()
        process.start()
        self._send(self.settings.opening(next(self._numbers)))

    def _send(self, request: Request) -> None:
        if self._process is not None:
            self._process.write(encode(request))

    def _read(self) -> None:
        if self._process is None:
            return
        piece = self._process.readAllStandardOutput().data()
        try:
            for reply in self._decoder.feed(bytes(piece)):
                self._hear(reply)
        except ProtocolError as error:
            self._lose(error)

    def _read_errors(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
            self._said.extend(text.splitlines())

    def _hear(self, reply: Reply) -> None:
        if isinstance(reply, Hello):
            self.device = reply.device
            self.greeted.emit(reply)
            return
        ask = self._current
        if ask is None or reply.job != ask.request.job:
            if isinstance(reply, Failed):
                self.refused.emit(reply.error)
            return
        if isinstance(reply, Failed):
            reply = replace(reply, details=self._details(reply.details))
        if isinstance(reply, Failed | Finished):
            self._current = None
        ask.hear(reply)
        self._next()

    def _ended(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_errors()
        how = "was killed" if status is QProcess.ExitStatus.CrashExit else f"ended with code {code}"
        error = EngineDiedError(
            f"The engine {how}.",
            "Every finished segment is kept.",
            "Try again; it goes on where it stopped.",
        )
        self.died.emit(error)
        self._lose(error)

    def _start_failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            reason = self._process.errorString()
            self._lose(
                EngineError(
                    f"The engine could not be started: {reason}.",
                    "Your recordings and documents are untouched.",
                    "Install Wildscribe again.",
                )
            )

    def _lose(self, error: EngineError) -> None:
        """Gives the process up and fails the request at work."""
        if process := self._forget():
            process.kill()
            process.deleteLater()
        ask, self._current = self._current, None
        if ask is not None:
            ask.fail(error, self._details())
        self._next()

    def _forget(self) -> QProcess | None:
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
        return process

    def _details(self, first: str = "") -> str:
        return "\n".join([first, *self._said]).strip()
