"""The engine client, with a real engine process around a scripted model."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.client import Ask, EngineClient, EngineSettings
from engine.errors import (
    CancelledError,
    EngineDiedError,
    EngineError,
    MissingModelError,
    ProtocolError,
    WildscribeError,
)
from engine.options import Progress, TranscribeOptions
from engine.protocol import Decode, Finished, Hello, Transcribe
from engine.transcript import NonSpeech, Route, Segment
from tests.engine.scripted_engine import COUNT, GAP, script

SCRIPTED = Path(__file__).parents[2] / "engine" / "scripted_engine.py"
Connect = Callable[..., EngineClient]


@pytest.fixture
def connect(qtbot: QtBot) -> Iterator[Connect]:
    clients: list[EngineClient] = []

    def make(model: str = "mini", command: tuple[str, ...] = ()) -> EngineClient:
        command = command or (sys.executable, str(SCRIPTED))
        clients.append(EngineClient(EngineSettings(model), command))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


class Told:
    """Everything that an ask told its listeners."""

    def __init__(self, request: Transcribe | Decode) -> None:
        self.segments: list[tuple[int, Segment]] = []
        self.pauses: list[NonSpeech] = []
        self.progress: list[Progress] = []
        self.finished: Finished | None = None
        self.error: WildscribeError | None = None
        self.ask = (
            Ask(request)
            .on_segment(lambda index, segment: self.segments.append((index, segment)))
            .on_non_speech(self.pauses.append)
            .on_progress(self.progress.append)
            .on_success(self._succeed)
            .on_failure(self._fail)
        )

    @property
    def over(self) -> bool:
        return self.finished is not None or self.error is not None

    def _succeed(self, finished: Finished) -> None:
        assert not self.over
        self.finished = finished

    def _fail(self, error: WildscribeError) -> None:
        assert not self.over
        self.error = error


def transcribe(name: str) -> Told:
    return Told(Transcribe(0, name, TranscribeOptions()))


def test_a_transcription_is_told_step_by_step(connect: Connect, qtbot: QtBot) -> None:
    client, told = connect(), transcribe("talk.wav")
    with qtbot.waitSignal(client.greeted) as greeted:
        told.ask.run(client)
    assert greeted.args == [Hello(1, "mini", "cpu", "asked for auto")]
    qtbot.waitUntil(lambda: told.over)
    assert told.segments == list(enumerate(script()))
    assert told.pauses == [GAP]
    assert told.progress[-1] == Progress(GAP.end_s, GAP.end_s)
    assert told.finished is not None


def test_segments_are_decoded_again(connect: Connect, qtbot: QtBot) -> None:
    again = Decode(0, "talk.wav", tuple(script()[:1]), (Route.ROBUST,), TranscribeOptions())
    told = Told(again)
    told.ask.run(connect())
    qtbot.waitUntil(lambda: told.over)
    assert [segment.text for _, segment in told.segments] == ["robust again 0"]


def test_requests_wait_for_each_other(connect: Connect, qtbot: QtBot) -> None:
    client, first, second = connect(), transcribe("waits.wav"), transcribe("talk.wav")
    first.ask.run(client)
    second.ask.run(client)
    qtbot.waitUntil(lambda: len(first.segments) == 2)
    assert not second.segments
    first.ask.cancel()
    qtbot.waitUntil(lambda: second.over)
    assert first.finished is not None
    assert first.finished.transcript is not None
    assert not first.finished.transcript.complete
    assert len(second.segments) == COUNT


def test_a_waiting_request_is_cancelled_at_once(connect: Connect, qtbot: QtBot) -> None:
    client, first, second = connect(), transcribe("waits.wav"), transcribe("talk.wav")
    first.ask.run(client)
    second.ask.run(client)
    second.ask.cancel()
    assert isinstance(second.error, CancelledError)
    first.ask.cancel()
    qtbot.waitUntil(lambda: first.over)


def test_a_killed_engine_fails_its_request_and_serves_the_next(
    connect: Connect, qtbot: QtBot
) -> None:
    client, first, second = connect(), transcribe("dies.wav"), transcribe("talk.wav")
    with qtbot.waitSignal(client.died):
        first.ask.run(client)
        second.ask.run(client)
    assert isinstance(first.error, EngineDiedError)
    assert len(first.segments) == 2
    qtbot.waitUntil(lambda: second.over)
    assert len(second.segments) == COUNT


def test_an_unforeseen_error_comes_with_details(connect: Connect, qtbot: QtBot) -> None:
    told = transcribe("crashes.wav")
    told.ask.run(connect())
    qtbot.waitUntil(lambda: told.over)
    assert told.error is not None
    assert "ZeroDivisionError" in told.ask.details


def test_a_missing_model_is_told_ahead_and_to_every_request(connect: Connect, qtbot: QtBot) -> None:
    client = connect("missing")
    with qtbot.waitSignal(client.refused) as refused:
        client.start()
    assert isinstance(refused.args[0], MissingModelError)
    told = transcribe("talk.wav")
    told.ask.run(client)
    qtbot.waitUntil(lambda: told.over)
    assert isinstance(told.error, MissingModelError)


def test_another_device_is_taken_from_the_next_request_on(connect: Connect, qtbot: QtBot) -> None:
    client = connect()
    with qtbot.waitSignal(client.greeted):
        client.start()
    with qtbot.waitSignal(client.greeted) as greeted:
        client.use(EngineSettings("mini", "cpu"))
    assert greeted.args[0].reason == "asked for cpu"


def test_a_program_that_is_no_engine_is_given_up(connect: Connect, qtbot: QtBot) -> None:
    told = transcribe("talk.wav")
    told.ask.run(connect(command=(sys.executable, "-c", "print('what is a frame?')")))
    qtbot.waitUntil(lambda: told.over)
    assert isinstance(told.error, ProtocolError)


def test_a_program_that_is_not_there_is_named(connect: Connect, qtbot: QtBot) -> None:
    told = transcribe("talk.wav")
    told.ask.run(connect(command=("/nowhere/python",)))
    qtbot.waitUntil(lambda: told.over)
    assert isinstance(told.error, EngineError)
    assert "could not be started" in told.error.what


def test_closing_ends_the_process_in_the_middle_of_its_work(connect: Connect, qtbot: QtBot) -> None:
    client, told = connect(), transcribe("waits.wav")
    told.ask.run(client)
    qtbot.waitUntil(lambda: len(told.segments) == 2)
    client.close()
    assert client.process_id is None
    assert not told.over
