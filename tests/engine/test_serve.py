"""The engine process: one answer for every job, whatever happens in between."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import CancelledError, MissingModelError, OutOfMemoryError, UsageError
from engine.options import TranscribeOptions
from engine.protocol import (
    Cancel,
    Decode,
    Decoder,
    Failed,
    Finished,
    Hello,
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
from engine.transcript import DecidedBy, Route
from tests.engine.scripted_engine import COUNT, GAP, script

SCRIPTED = Path(__file__).with_name("scripted_engine.py")


class Engine:
    """The other end of the pipes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._decoder: Decoder[Reply] = Decoder(Reply)
        self._replies = self._read()

    def send(self, *requests: Request) -> None:
        assert self.process.stdin is not None
        for request in requests:
            self.process.stdin.write(encode(request))
        self.process.stdin.flush()

    def until_answer(self, job: int) -> list[Reply]:
        """Everything up to and including the answer of a job."""
        got: list[Reply] = []
        for reply in self._replies:
            got.append(reply)
            if isinstance(reply, Hello | Finished | Failed) and reply.job == job:
                return got
        raise AssertionError(f"the engine ended without an answer: {got}")

    def _read(self) -> Iterator[Reply]:
        assert self.process.stdout is not None
        while piece := self.process.stdout.read1():  # type: ignore[attr-defined]
            yield from self._decoder.feed(piece)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with subprocess.Popen(
        [sys.executable, str(SCRIPTED)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        yield Engine(process)
        process.kill()


def transcribe(job: int, path: str, **options: float) -> Transcribe:
    return Transcribe(job, path, TranscribeOptions(**options))  # type: ignore[arg-type]


def test_a_transcription_arrives_segment_by_segment(engine: Engine) -> None:
    engine.send(Open(1, "mini"), transcribe(2, "talk.wav"))
    assert engine.until_answer(1) == [Hello(1, "mini", "cpu", "asked for auto")]
    *replies, answer = engine.until_answer(2)
    segments = [reply for reply in replies if isinstance(reply, SegmentReady)]
    assert [reply.segment for reply in segments] == script()
    assert [reply.index for reply in segments] == list(range(COUNT))
    assert [r.done_s for r in replies if isinstance(r, Progressed)][-1] == GAP.end_s
    assert NonSpeechFound(2, GAP) in replies
    assert isinstance(answer, Finished)
    assert answer.transcript is not None
    assert answer.transcript.complete
    assert answer.transcript.segments == ()


def test_segments_are_decoded_again_on_the_asked_route(engine: Engine) -> None:
    again = tuple(script()[:2])
    routes = (Route.ROBUST, Route.BASE)
    engine.send(Open(1, "mini"), Decode(2, "talk.wav", again, routes, TranscribeOptions()))
    engine.until_answer(1)
    *replies, answer = engine.until_answer(2)
    assert answer == Finished(2)
    first, second = [reply.segment for reply in replies if isinstance(reply, SegmentReady)]
    assert (first.text, first.decided_by) == ("robust again 0", DecidedBy.USER)
    assert (second.text, second.decided_by) == ("base again 2", DecidedBy.ROUTER)
    assert first.decoding(Route.BASE) == again[0].alternatives[0]


def test_what_a_library_prints_cannot_break_a_frame(engine: Engine) -> None:
    engine.send(Open(1, "mini"), transcribe(2, "prints.wav"))
    engine.until_answer(1)
    assert isinstance(engine.until_answer(2)[-1], Finished)


def test_a_running_job_is_cancelled_and_keeps_what_is_finished(engine: Engine) -> None:
    engine.send(Open(1, "mini"), transcribe(2, "waits.wav"))
    engine.until_answer(1)
    engine.send(Cancel(2))
    *replies, answer = engine.until_answer(2)
    assert isinstance(answer, Finished)
    assert answer.transcript is not None
    assert not answer.transcript.complete
    assert len([reply for reply in replies if isinstance(reply, SegmentReady)]) <= 2


def test_a_job_that_waits_is_cancelled_before_it_begins(engine: Engine) -> None:
    engine.send(Open(1, "mini"), transcribe(2, "waits.wav"), transcribe(3, "talk.wav"))
    engine.send(Cancel(3), Cancel(2))
    engine.until_answer(2)
    (answer,) = engine.until_answer(3)
    assert isinstance(answer, Failed)
    assert isinstance(answer.error, CancelledError)


def test_a_typed_error_arrives_whole_and_the_engine_goes_on(engine: Engine) -> None:
    engine.send(Open(1, "mini"), transcribe(2, "fails.wav"), transcribe(3, "talk.wav"))
    answer = engine.until_answer(2)[-1]
    assert isinstance(answer, Failed)
    assert isinstance(answer.error, OutOfMemoryError)
    assert answer.remedy == "Use CPU."
    assert isinstance(engine.until_answer(3)[-1], Finished)


def test_an_error_that_nobody_foresaw_is_reported_with_details(engine: Engine) -> None:
    engine.send(Open(1, "mini"), transcribe(2, "crashes.wav"), transcribe(3, "talk.wav"))
    answer = engine.until_answer(2)[-1]
    assert isinstance(answer, Failed)
    assert "nobody foresaw this" in answer.what
    assert "ZeroDivisionError" in answer.details
    assert isinstance(engine.until_answer(3)[-1], Finished)


def test_without_a_model_every_job_says_why_there_is_none(engine: Engine) -> None:
    engine.send(transcribe(1, "talk.wav"), Open(2, "missing"), transcribe(3, "talk.wav"))
    first = engine.until_answer(1)[-1]
    assert isinstance(first, Failed)
    assert isinstance(first.error, UsageError)
    for job in (2, 3):
        answer = engine.until_answer(job)[-1]
        assert isinstance(answer, Failed)
        assert isinstance(answer.error, MissingModelError)


def test_a_path_that_is_no_unicode_survives(engine: Engine) -> None:
    name = b"caf\xe9.wav".decode("utf-8", "surrogateescape")
    engine.send(Open(1, "mini"), transcribe(2, name))
    answer = engine.until_answer(2)[-1]
    assert isinstance(answer, Finished)
    assert answer.transcript is not None
    assert answer.transcript.source == name


def test_shutdown_ends_the_process(engine: Engine) -> None:
    engine.send(Shutdown())
    assert engine.process.wait(30) == 0


@pytest.mark.parametrize("busy", [False, True])
def test_it_ends_with_the_window(engine: Engine, busy: bool) -> None:
    engine.send(Open(1, "mini"), transcribe(2, "waits.wav" if busy else "talk.wav"))
    engine.until_answer(1)
    assert engine.process.stdin is not None
    engine.process.stdin.close()
    assert engine.process.wait(30) == 0


def test_nonsense_is_answered_and_ends_the_process(engine: Engine) -> None:
    assert engine.process.stdin is not None
    engine.process.stdin.write(b"hello, is this the engine?")
    engine.process.stdin.flush()
    answer = engine.until_answer(0)[-1]
    assert isinstance(answer, Failed)
    assert answer.code == "ProtocolError"
    assert engine.process.wait(30) == 5
