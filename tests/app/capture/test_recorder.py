"""Ring buffer, file and recorder, with a microphone that the test plays."""

import struct
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.capture import InputDevice, Recorder, Recording
from app.capture.recorder import Callback
from app.capture.ring import RingBuffer
from app.capture.wav import HEADER_BYTES, WavWriter, header
from engine.errors import DeviceError, StorageError, WildscribeError

DEVICE = InputDevice(0, "played by the test", 8000)


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans())))
def test_the_ring_gives_back_in_order_what_it_took(steps: list[tuple[int, bool]]) -> None:
    ring = RingBuffer(10)
    offered = 0
    expected: list[int] = []
    lost = 0
    for count, read in steps:
        frames = np.arange(offered, offered + count, dtype=np.int16)
        offered += count
        ring.write(frames)
        kept = min(count, 10 - len(expected))
        expected += list(frames[:kept])
        lost += count - kept
        if read:
            assert list(ring.read()) == expected
            expected = []
    assert list(ring.read()) == expected
    assert ring.lost == lost


def test_the_ring_keeps_every_sample_between_two_threads() -> None:
    ring, total = RingBuffer(997), 30_000
    sound = np.arange(total, dtype=np.int64).astype(np.int16)
    room = threading.Semaphore(0)

    def produce() -> None:
        for at in range(0, total, 331):
            room.acquire()
            ring.write(sound[at : at + 331])

    producer = threading.Thread(target=produce)
    producer.start()
    room.release()
    taken: list[NDArray[np.int16]] = []
    while sum(map(len, taken)) < total:
        if len(frames := ring.read()):
            taken.append(frames)
            room.release()
    producer.join()
    np.testing.assert_array_equal(np.concatenate(taken), sound)
    assert ring.lost == 0


def test_the_file_is_whole_after_every_flush(tmp_path: Path) -> None:
    path = tmp_path / "recordings" / "new.wav"
    sound = np.random.default_rng(1).integers(-(2**15), 2**15, 8000, dtype=np.int16)
    wav = WavWriter(path, 8000)
    assert soundfile.info(path).frames == 0
    for end in (3000, 8000):
        wav.write(sound[end - 3000 if end == 3000 else 3000 : end])
        wav.flush()
        np.testing.assert_array_equal(soundfile.read(path, dtype="int16")[0], sound[:end])
    wav.close()


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "new.wav"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        WavWriter(path, 8000)
    assert path.read_bytes() == b"precious"


def test_a_recording_beyond_4_gib_is_still_a_wave_file(tmp_path: Path) -> None:
    data_bytes = 5 * 2**30
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.write(header(48_000, data_bytes))
        file.truncate(HEADER_BYTES + data_bytes)  # a hole: takes no room on disk
    assert soundfile.info(path).frames == data_bytes // 2
    assert len(header(48_000, data_bytes)) == len(header(48_000, 0)) == HEADER_BYTES
    assert struct.unpack("<4s", header(48_000, data_bytes)[:4]) == (b"RF64",)


class Played:
    """A microphone that gives what it is told to, when it is told to."""

    def __init__(self) -> None:
        self.closed = False
        self.started = threading.Event()

    def open(self, device: InputDevice, callback: Callback) -> "Played":
        self._callback = callback
        return self

    def start(self) -> None:
        self.started.set()

    def close(self) -> None:
        self.closed = True

    def give(self, samples: NDArray[Any], *, overflow: bool = False) -> None:
        self._callback(
            samples[:, None], len(samples), None, SimpleNamespace(input_overflow=overflow)
        )


class Heard:
    """What a recorder told."""

    def __init__(self) -> None:
        self.reports: list[Recording] = []
        self.ended = threading.Event()
        self.reason: WildscribeError | None = None

    def report(self, recording: Recording) -> None:
        self.reports.append(recording)

    def end(self, recording: Recording, reason: WildscribeError | None) -> None:
        self.reports.append(recording)
        self.reason = reason
        self.ended.set()


def test_what_the_microphone_gives_is_in_the_file_when_it_stops(tmp_path: Path) -> None:
    path, microphone, heard = tmp_path / "new.wav", Played(), Heard()
    recorder = Recorder(path, DEVICE, heard.report, heard.end, microphone.open)
    sound = np.random.default_rng(1).integers(-(2**14), 2**14, 20_000, dtype=np.int16)
    for at in range(0, len(sound), 400):
        microphone.give(sound[at : at + 400])
    recorder.stop()
    np.testing.assert_array_equal(soundfile.read(path, dtype="int16")[0], sound)
    assert heard.reports[-1].saved_s == 2.5
    assert heard.reason is None
    assert microphone.closed


def test_lost_sound_is_counted(tmp_path: Path) -> None:
    microphone, heard = Played(), Heard()
    recorder = Recorder(tmp_path / "new.wav", DEVICE, heard.report, heard.end, microphone.open)
    microphone.give(np.zeros(10, np.int16), overflow=True)
    microphone.give(np.zeros(10, np.int16))
    microphone.give(np.zeros(10, np.int16), overflow=True)
    recorder.stop()
    assert heard.reports[-1].gaps == 2


def test_the_level_is_that_of_the_loudest_sample(tmp_path: Path) -> None:
    microphone, heard = Played(), Heard()
    recorder = Recorder(tmp_path / "new.wav", DEVICE, heard.report, heard.end, microphone.open)
    microphone.give(np.array([0, -(2**14), 5], np.int16))
    while not any(report.level_db > -60 for report in heard.reports):
        assert not heard.ended.wait(0.01)
    recorder.stop()
    assert max(report.level_db for report in heard.reports) == pytest.approx(-6.02, abs=0.01)


def test_a_device_that_does_not_start_leaves_no_file(tmp_path: Path) -> None:
    class Dead(Played):
        def start(self) -> None:
            raise DeviceError("It does not start.")

    microphone, heard = Dead(), Heard()
    with pytest.raises(DeviceError):
        Recorder(tmp_path / "new.wav", DEVICE, heard.report, heard.end, microphone.open)
    assert microphone.closed
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    microphone, heard = Played(), Heard()
    with pytest.raises(StorageError):
        Recorder(tmp_path / "file" / "new.wav", DEVICE, heard.report, heard.end, microphone.open)
    assert microphone.closed


def test_a_full_disk_ends_the_recording_and_keeps_what_fitted(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="needs a limit on the size of files")
    path, microphone, heard = tmp_path / "new.wav", Played(), Heard()
    recorder = Recorder(path, DEVICE, heard.report, heard.end, microphone.open)
    room = HEADER_BYTES + 2 * 3000
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        microphone.give(np.ones(8000, np.int16))
        assert heard.ended.wait(10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    recorder.stop()
    assert isinstance(heard.reason, StorageError)
    assert soundfile.info(path).frames == 3000
