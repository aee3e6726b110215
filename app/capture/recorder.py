"""Recording: microphone -> callback -> ring buffer -> writer thread -> file."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from app.capture.devices import InputDevice
from app.capture.portaudio import portaudio
from app.capture.ring import Frames, RingBuffer
from app.capture.wav import WavWriter
from engine.errors import DeviceError, StorageError, WildscribeError

RING_S = 20.0
"""Longest time that the disk may keep the writer waiting before sound is lost."""

FLUSH_S = 1.0
DRAIN_S = 0.05
SILENT_DEVICE_S = 3.0
"""A device that gives nothing for so long has gone; PortAudio does not always say so."""

QUIETEST_DB = -60.0
_NOTHING: Frames = np.zeros(0, np.int16)


@dataclass(frozen=True, slots=True)
class Recording:
    """How a recording stands.

    Attributes:
        path: the file; valid at any moment.
        saved_s: how much of it is on disk, s.
        level_db: loudest sample since the last report, dB of full scale, at least -60.
        gaps: how many times sound was lost because the computer was too slow.
    """

    path: Path
    saved_s: float = 0.0
    level_db: float = QUIETEST_DB
    gaps: int = 0


class Stream(Protocol):
    """What recording needs of a `sounddevice.InputStream`."""

    def start(self) -> None:
        """Begins to call back; raises `DeviceError` when it cannot."""

    def close(self) -> None:
        """Calls back no more."""


Callback = Callable[[Any, int, Any, Any], None]
OpenStream = Callable[[InputDevice, Callback], Stream]


class Microphone:
    """A device opened with PortAudio: mono, 16 bit, at its own rate.

    Raises:
        DeviceError: PortAudio is missing, or the device cannot be opened.
    """

    def __init__(self, device: InputDevice, callback: Callback) -> None:
        self._sd = portaudio()
        self._name = device.name
        with self._typed_errors():
            self._stream = self._sd.InputStream(
                device=device.index,
                samplerate=device.rate_hz,
                channels=1,
                dtype="int16",
                callback=callback,
            )

    def start(self) -> None:
        """Begins to call back."""
        with self._typed_errors():
            self._stream.start()

    def close(self) -> None:
        """Calls back no more."""
        self._stream.close()

    @contextmanager
    def _typed_errors(self) -> Iterator[None]:
        try:
            yield
        except self._sd.PortAudioError as error:
            raise _gone(f"The microphone '{self._name}' cannot be used: {error}.") from error


class Recorder:
    """Records into one file until it is stopped, the device goes, or the disk is full.

    Args:
        path: a new file.
        device: where from.
        on_report: called on the writer thread about 20 times a second.
        on_end: called on the writer thread once, when the file is closed; with the reason when it
            was not `stop`. What is on disk stays there.
        open_stream: opens the device; tests put their own in its place.

    Raises:
        DeviceError: the device cannot be opened.
        StorageError: the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        device: InputDevice,
        on_report: Callable[[Recording], None],
        on_end: Callable[[Recording, WildscribeError | None], None],
        open_stream: OpenStream = Microphone,
    ) -> None:
        self._path = path
        self._rate_hz = device.rate_hz
        self._on_report = on_report
        self._on_end = on_end
        self._ring = RingBuffer(round(RING_S * device.rate_hz))
        self._gaps = 0
        self._written = 0
        self._saved = 0
        self._stop = threading.Event()
        self._stream = open_stream(device, self._callback)
        try:
            self._wav = WavWriter(path, device.rate_hz)
        except OSError as error:
            self._stream.close()
            raise _disk(error) from error
        try:
            self._stream.start()
        except DeviceError:
            self._stream.close()
            self._wav.close()
            path.unlink()  # not one sample is in it
            raise
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops, writes what is left and closes the file; `on_end` has been called on return."""
        self._stop.set()
        self._thread.join()

    def _callback(self, frames: Any, count: int, when: Any, status: Any) -> None:
        """On PortAudio's thread: copy and leave."""
        lost = self._ring.lost
        self._ring.write(frames[:, 0])
        if status.input_overflow or self._ring.lost > lost:
            self._gaps += 1

    def _run(self) -> None:
        try:
            reason = self._record()
        except OSError as error:
            reason = _disk(error)
        self._stream.close()
        try:
            self._drain()
            self._wav.close()
            self._saved = self._written
        except OSError as error:
            reason = reason or _disk(error)
        self._on_end(self._report(), reason)

    def _record(self) -> WildscribeError | None:
        """Writes what the callback brings, until somebody or something ends it."""
        last_sound = last_flush = time.monotonic()
        while not self._stop.wait(DRAIN_S):
            frames = self._drain()
            now = time.monotonic()
            if len(frames):
                last_sound = now
            elif now - last_sound > SILENT_DEVICE_S:
                return _gone("The microphone stopped giving sound.")
            if now - last_flush >= FLUSH_S:
                self._wav.flush()
                self._saved, last_flush = self._written, now
            self._on_report(self._report(frames))
        return None

    def _drain(self) -> Frames:
        frames = self._ring.read()
        self._wav.write(frames)
        self._written += len(frames)
        return frames

    def _report(self, frames: Frames = _NOTHING) -> Recording:
        peak = int(np.abs(frames.astype(np.int32)).max(initial=0)) / 2**15
        level_db = max(QUIETEST_DB, 20 * float(np.log10(peak))) if peak else QUIETEST_DB
        return Recording(self._path, self._saved / self._rate_hz, level_db, self._gaps)


def _gone(what: str) -> DeviceError:
    return DeviceError(
        what,
        "What was recorded before is saved.",
        "Check that it is plugged in and that no other program keeps it, then record again.",
    )


def _disk(error: Exception) -> StorageError:
    return StorageError(
        f"The recording cannot be written: {error}.",
        "What was recorded before is saved.",
        "Free some space on the disk, then record again.",
    )
