"""What the document screen does, without a widget and without an engine."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from pytestqt.qtbot import QtBot

from app.window.document.state import Activity
from app.window.problem import Remedy
from engine.errors import (
    AudioError,
    CancelledError,
    DeviceError,
    EngineDiedError,
    MissingAudioError,
)
from engine.export import read_json
from engine.options import Progress
from engine.protocol import Decode, Transcribe
from engine.transcript import DecidedBy, Decoding, Flag, NonSpeech, NonSpeechKind, Route, Segment
from tests.app.window.fakes import Desk, segment

BOTH = (Route.BASE, Route.ROBUST)
TALK = Path("/recordings/talk.wav")


@pytest.fixture(autouse=True)
def application(qapp: object) -> None:
    """Signals and timers need one."""


def settle(desk: Desk) -> None:
    desk.presenter.close()
    desk.presenter.attach(desk.view)


def transcribing(*segments: Segment) -> Desk:
    desk = Desk(TALK)
    desk.presenter.transcribe()
    for index, heard in enumerate(segments):
        desk.engine.hears(index, heard)
    return desk


def test_a_transcription_fills_the_document_and_is_saved() -> None:
    desk = transcribing()
    assert desk.view.state is not None
    assert desk.view.state.activity is Activity.WAITING
    desk.engine.hears(1, segment(2.0))
    desk.engine.hears(0, segment(0.0))
    desk.engine.finds_pause(NonSpeech(4.0, 6.0, NonSpeechKind.SILENCE))
    desk.engine.progresses(Progress(6.0, 6.0))
    desk.engine.finishes(6.0)
    assert desk.texts == ["base 0", "base 2"]
    settle(desk)
    assert desk.saved.segments == desk.presenter.model.document.segments
    assert desk.saved.transcript.complete
    assert desk.view.state.activity is Activity.NONE


def test_a_burst_is_saved_once_it_settles(qtbot: QtBot) -> None:
    desk = transcribing(segment(0.0), segment(2.0))
    qtbot.waitUntil(lambda: bool(desk.saving.saved))
    assert len(desk.saved.segments) == 2


def test_progress_is_told_by_audio_seconds(qtbot: QtBot) -> None:
    desk = transcribing()
    desk.engine.progresses(Progress(3.0, 12.0))
    settle(desk)
    assert desk.view.state is not None
    assert (desk.view.state.done_s, desk.view.state.total_s) == (3.0, 12.0)


def test_after_an_engine_died_the_rest_is_heard_and_nothing_twice() -> None:
    desk = transcribing(segment(0.0), segment(2.0))
    desk.engine.hears(3, segment(6.0))  # number 2 is still missing
    desk.engine.fails(EngineDiedError("The engine was killed."))
    assert desk.view.problem is not None
    assert list(desk.view.problem.remedies) == [Remedy.RETRY, Remedy.RETRY_ON_CPU]
    assert desk.texts == ["base 0", "base 2", "base 6"]
    desk.view.problem.remedies[Remedy.RETRY]()
    request = desk.engine.asks[-1].request
    assert isinstance(request, Transcribe)
    assert request.options.start_s == 4.0
    desk.engine.hears(0, segment(4.0))
    desk.engine.hears(1, segment(6.0))
    assert desk.texts == ["base 0", "base 2", "base 4", "base 6"]
    desk.engine.finishes(8.0)
    settle(desk)
    assert desk.saved.heard_s == 8.0


def test_a_problem_waits_for_the_person_to_look() -> None:
    desk = Desk(TALK)
    desk.presenter.close()  # no view any more
    desk.presenter.transcribe()
    desk.engine.fails(EngineDiedError("The engine was killed."))
    desk.presenter.attach(desk.view)
    assert desk.view.problem is not None
    desk.presenter.dismiss_problem()
    assert desk.view.problem is None
    settle(desk)


def test_retry_on_the_cpu_changes_the_device_first() -> None:
    desk = transcribing()
    desk.engine.fails(EngineDiedError("The engine was killed."))
    assert desk.view.problem is not None
    desk.view.problem.remedies[Remedy.RETRY_ON_CPU]()
    assert desk.engine.settings.device == "cpu"
    assert len(desk.engine.asks) == 2
    settle(desk)


def test_where_it_runs_on_the_cpu_already_only_retry_is_offered() -> None:
    desk = transcribing()
    desk.engine.device = "cpu"
    desk.engine.fails(EngineDiedError("The engine was killed."))
    assert desk.view.problem is not None
    assert list(desk.view.problem.remedies) == [Remedy.RETRY]
    settle(desk)


def test_a_recording_that_cannot_be_read_is_no_matter_of_the_device() -> None:
    desk = transcribing()
    desk.engine.fails(AudioError("It is damaged."))
    assert desk.view.problem is not None
    assert Remedy.RETRY_ON_CPU not in desk.view.problem.remedies
    settle(desk)


def test_cancelling_keeps_what_is_there_and_reports_no_error() -> None:
    desk = transcribing(segment(0.0))
    desk.presenter.cancel()
    assert desk.engine.cancelled == desk.engine.asks
    desk.engine.fails(CancelledError("Stopped."))
    assert desk.view.problem is None
    assert desk.texts == ["base 0"]
    assert not desk.presenter.state.complete
    settle(desk)


def test_moving_the_threshold_offers_to_decode_only_what_changed() -> None:
    desk = Desk(TALK, segment(0.0, 0.2), segment(2.0, 0.4, *BOTH), segment(4.0, 0.9))
    desk.presenter.move_threshold(0.1)
    assert desk.presenter.state.pending == 1
    desk.presenter.decode_pending()
    request = desk.engine.asks[-1].request
    assert isinstance(request, Decode)
    assert [s.start_s for s in request.segments] == [0.0]
    assert request.routes == (Route.ROBUST,)
    reading = Decoding(Route.ROBUST, "better", "English", 0.9)
    desk.engine.hears(0, request.segments[0].with_decoding(reading).choosing(*_routed()))
    desk.engine.finishes()
    assert desk.texts == ["better", "robust 2", "robust 4"]
    assert desk.presenter.state.pending == 0
    settle(desk)


def _routed() -> tuple[Route, DecidedBy]:
    return Route.ROBUST, DecidedBy.ROUTER


def test_a_reading_that_comes_after_the_threshold_moved_back_is_only_stored() -> None:
    desk = Desk(TALK, segment(0.0, 0.2))
    desk.presenter.move_threshold(0.1)
    desk.presenter.decode_pending()
    desk.presenter.move_threshold(0.5)
    reading = Decoding(Route.ROBUST, "better", "English", 0.9)
    desk.engine.hears(0, segment(0.0, 0.2).with_decoding(reading).choosing(*_routed()))
    desk.engine.finishes()
    assert desk.texts == ["base 0"]
    desk.presenter.move_threshold(0.1)
    assert desk.texts == ["better"]
    settle(desk)


def test_dragging_the_threshold_is_undone_in_one_step() -> None:
    desk = Desk(TALK, segment(0.0, 0.4, *BOTH))
    for threshold in (0.45, 0.4, 0.3, 0.2):
        desk.presenter.move_threshold(threshold)
    assert desk.texts == ["robust 0"]
    desk.presenter.undo_stack.undo()
    assert desk.presenter.model.threshold == 0.5
    assert desk.texts == ["base 0"]
    assert not desk.presenter.undo_stack.canUndo()
    desk.presenter.undo_stack.redo()
    assert desk.presenter.model.threshold == 0.2
    settle(desk)


def test_the_other_route_is_shown_at_once_where_it_was_heard_before() -> None:
    desk = Desk(TALK, segment(0.0, 0.1, *BOTH))
    desk.presenter.try_other_route(0.0)
    shown = desk.presenter.model.segment(0.0)
    assert shown is not None
    assert (shown.text, shown.decided_by) == ("robust 0", DecidedBy.USER)
    assert not desk.engine.asks
    desk.presenter.move_threshold(0.9)
    assert desk.texts == ["robust 0"]
    desk.presenter.follow_router(0.0)
    assert desk.texts == ["base 0"]
    settle(desk)


def test_the_other_route_is_heard_first_where_it_was_not() -> None:
    desk = Desk(TALK, segment(0.0, 0.1))
    desk.presenter.try_other_route(0.0)
    request = desk.engine.asks[-1].request
    assert isinstance(request, Decode)
    assert request.routes == (Route.ROBUST,)
    reading = Decoding(Route.ROBUST, "other", "English", 0.9)
    desk.engine.hears(0, segment(0.0).with_decoding(reading).choosing(*_routed()))
    desk.engine.finishes()
    assert desk.texts == ["other"]
    desk.presenter.undo_stack.undo()
    assert desk.texts == ["base 0"]
    desk.presenter.try_other_route(0.0)
    assert desk.texts == ["other"]
    assert len(desk.engine.asks) == 1
    settle(desk)


def test_text_is_edited_undone_and_survives_every_decision() -> None:
    desk = Desk(TALK, segment(0.0, 0.4, *BOTH))
    desk.presenter.edit(0.0, "mine")
    desk.presenter.edit(0.0, "mine")
    desk.presenter.move_threshold(0.1)
    desk.presenter.try_other_route(0.0)
    assert desk.texts == ["mine"]
    assert desk.presenter.undo_stack.count() == 3
    for _ in range(3):
        desk.presenter.undo_stack.undo()
    assert desk.texts == ["base 0"]
    settle(desk)


def test_while_the_engine_works_nothing_else_is_asked_of_it() -> None:
    desk = transcribing(segment(0.0))
    desk.presenter.transcribe()
    desk.presenter.try_other_route(0.0)
    assert len(desk.engine.asks) == 1
    settle(desk)


def test_a_segment_is_heard_and_stopped(tmp_path: Path, qtbot: QtBot) -> None:
    source = tmp_path / "talk.wav"
    sound = np.linspace(-0.5, 0.5, 64_000, dtype=np.float32)
    soundfile.write(source, sound, 16_000, subtype="FLOAT")
    desk = Desk(source, segment(0.0), segment(2.0))
    desk.presenter.listen(2.0)
    assert desk.presenter.state.playing_s == 2.0
    qtbot.waitUntil(lambda: bool(desk.player.played))
    np.testing.assert_allclose(desk.player.played[0], sound[32_000:], atol=1e-4)
    assert desk.player.end is not None
    desk.player.end()
    qtbot.waitUntil(lambda: desk.presenter.state.playing_s is None)
    desk.presenter.listen(0.0)
    qtbot.waitUntil(lambda: len(desk.player.played) == 2)
    desk.presenter.listen(0.0)
    assert desk.presenter.state.playing_s is None


def test_a_recording_that_has_gone_is_reported_when_it_shall_be_heard(qtbot: QtBot) -> None:
    desk = Desk(TALK, segment(0.0))
    desk.presenter.listen(0.0)
    qtbot.waitUntil(lambda: desk.view.problem is not None)
    assert desk.view.problem is not None
    assert isinstance(desk.view.problem.error, MissingAudioError)
    assert desk.presenter.state.playing_s is None


def test_without_a_loudspeaker_it_says_so(sample: Path, qtbot: QtBot) -> None:
    desk = Desk(sample, segment(0.0))
    desk.player.refusal = DeviceError("There is no loudspeaker.")
    desk.presenter.listen(0.0)
    qtbot.waitUntil(lambda: desk.view.problem is not None)
    assert desk.view.problem is not None
    assert desk.view.problem.error is desk.player.refusal
    assert desk.presenter.state.playing_s is None


def test_the_transcript_is_exported_as_it_is_shown(tmp_path: Path, qtbot: QtBot) -> None:
    desk = Desk(TALK, segment(0.0), segment(2.0, 0.9))
    desk.presenter.edit(0.0, "mine")
    desk.presenter.export(tmp_path / "talk.json")
    qtbot.waitUntil((tmp_path / "talk.json").exists)
    exported = read_json((tmp_path / "talk.json").read_text(encoding="utf-8"))
    assert exported.segments == desk.presenter.model.document.segments
    settle(desk)


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path, qtbot: QtBot) -> None:
    desk = Desk(TALK, segment(0.0))
    desk.presenter.export(tmp_path / "nowhere" / "talk.txt")
    qtbot.waitUntil(lambda: desk.view.problem is not None)


def test_suspects_are_found_one_after_the_other() -> None:
    suspects = [segment(at, flags=(Flag.REPETITION,)) for at in (2.0, 6.0)]
    desk = Desk(TALK, segment(0.0), suspects[0], segment(4.0), suspects[1])
    for after_s, found_s in ((-1.0, 2.0), (2.0, 6.0), (6.0, 2.0)):
        desk.presenter.reveal_suspect(after_s)
        assert desk.view.revealed == found_s
