"""What the recording screen does. Knows no widget."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from app.capture import InputDevice, Recorder, Recording, input_devices
from app.window.job import Job
from app.window.problem import Problem
from engine.errors import DeviceError, StorageError, WildscribeError


@dataclass(frozen=True, slots=True)
class RecordState:
    """What the screen shows.

    Attributes:
        devices: what can be recorded from.
        recording: how it stands, or None before it began.
    """

    devices: tuple[InputDevice, ...]
    recording: Recording | None


class RecordShowing(Protocol):
    """What the presenter needs of the view."""

    def show_state(self, state: RecordState) -> None:
        """Shows the state; called after every change."""

    def report(self, problem: Problem) -> None:
        """Shows an error until the person has read it."""


Record = Callable[
    [
        Path,
        InputDevice,
        Callable[[Recording], None],
        Callable[[Recording, WildscribeError | None], None],
    ],
    Recorder,
]


class RecordPresenter(QObject):
    """Starts and stops recordings.

    Args:
        folder: where they go.
        list_devices: finds the microphones; tests put their own in its place.
        record: begins a recording, as `Recorder` does.
    """

    began = Signal(Path)
    """A recording is on its way to this file."""
    finished = Signal(Path)
    """It is whole on disk."""
    interrupted = Signal(WildscribeError)
    """It ended on its own; what was recorded is whole on disk, too."""
    _reported = Signal(Recording)
    _ended = Signal(Recording, object)

    def __init__(
        self,
        folder: Path,
        list_devices: Callable[[], list[InputDevice]] = input_devices,
        record: Record = Recorder,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._list_devices = list_devices
        self._record = record
        self._view: RecordShowing | None = None
        self._recorder: Recorder | None = None
        self._state = RecordState((), None)
        self._reported.connect(self._show)  # from the recorder's thread to the window's
        self._ended.connect(self._end)

    @property
    def recording(self) -> bool:
        """Something is recorded now."""
        return self._recorder is not None

    def attach(self, view: RecordShowing) -> None:
        """Shows everything in a view."""
        self._view = view
        view.show_state(self._state)

    def refresh(self) -> None:
        """Looks which microphones there are."""
        if self.recording:
            return
        try:
            devices = tuple(self._list_devices())
            if not devices:
                raise DeviceError(
                    "There is no microphone.", "", "Connect one, then look for it again."
                )
        except DeviceError as error:
            devices = ()
            self._report(error)
        self._state = RecordState(devices, None)
        self._update()

    def start(self, device: InputDevice) -> None:
        """Begins to record."""
        if self.recording:
            return
        name = datetime.now().strftime("%Y-%m-%d %H-%M-%S")
        path = self._folder / f"{name}.wav"
        try:
            self._recorder = self._record(
                path, device, self._reported.emit, lambda how, why: self._ended.emit(how, why)
            )
        except (DeviceError, StorageError) as error:
            self._report(error)
            return
        self._state = RecordState(self._state.devices, Recording(path))
        self._update()
        self.began.emit(path)

    def stop(self) -> None:
        """Stops; `finished` follows when everything is on disk."""
        if self._recorder is not None:
            Job(self._recorder.stop).run()

    def close(self) -> None:
        """Stops, and returns when everything is on disk."""
        if self._recorder is not None:
            self._recorder.stop()

    def _show(self, recording: Recording) -> None:
        if self.recording:
            self._state = RecordState(self._state.devices, recording)
            self._update()

    def _end(self, recording: Recording, reason: WildscribeError | None) -> None:
        self._recorder = None
        self._state = RecordState(self._state.devices, None)
        self._update()
        self.finished.emit(recording.path)
        if reason is not None:
            self.interrupted.emit(reason)

    def _report(self, error: WildscribeError) -> None:
        if self._view is not None:
            self._view.report(Problem(error))

    def _update(self) -> None:
        if self._view is not None:
            self._view.show_state(self._state)
