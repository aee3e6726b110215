"""Several files, failures half-way, cancellation: what is printed, written and returned."""

import json
import signal
import threading
from pathlib import Path

import pytest

from app.cli.destination import Destination, plan
from app.cli.interrupt import cancel_on_interrupt
from app.cli.transcribe import transcribe_files
from engine.errors import CorruptAudioError, MissingAudioError, OutOfMemoryError
from engine.options import TranscribeOptions
from tests.app.cli.conftest import Screen, ScriptedTranscriber

OPTIONS = TranscribeOptions()
GONE = MissingAudioError("There is no such file.", "Nothing was changed.", "Check the path.")
FULL = OutOfMemoryError("The memory is full.", "Two segments are kept.", "Use --device cpu.")


def _run(
    transcriber: ScriptedTranscriber,
    files: list[str],
    screen: Screen,
    output: str | None = None,
    cancel: threading.Event | None = None,
) -> int:
    paths = [Path(file) for file in files]
    jobs = list(zip(paths, plan(paths, output), strict=True))
    return transcribe_files(transcriber, jobs, OPTIONS, screen.console, cancel or threading.Event())


def test_one_file_gives_its_text_and_nothing_else_on_standard_output(screen: Screen) -> None:
    code = _run(ScriptedTranscriber({"a.wav": ["One.", "Two."]}), ["a.wav"], screen)
    assert code == 0
    assert screen.out.getvalue().split() == ["One.", "Two."]
    assert screen.err.getvalue().startswith("a.wav: 0:20 of audio, 2 segments, 1 robust")


def test_several_files_are_told_apart(screen: Screen) -> None:
    transcriber = ScriptedTranscriber({"a.wav": ["One."], "b.wav": ["Two."]})
    assert _run(transcriber, ["a.wav", "b.wav"], screen) == 0
    assert screen.out.getvalue() == "==> a.wav <==\nOne.\n==> b.wav <==\nTwo.\n"


def test_a_failing_file_does_not_stop_the_others(tmp_path: Path, screen: Screen) -> None:
    broken = CorruptAudioError("It is damaged.", "The file is unchanged.", "Record it again.")
    transcriber = ScriptedTranscriber({"a.wav": [GONE], "b.wav": ["Two."], "c.wav": [broken]})
    assert _run(transcriber, ["a.wav", "b.wav", "c.wav"], screen, str(tmp_path)) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["b.txt"]
    assert "a.wav: There is no such file.\n  Nothing was changed.\n" in screen.err.getvalue()
    assert "c.wav: It is damaged." in screen.err.getvalue()


def test_the_first_failure_gives_the_exit_code(screen: Screen) -> None:
    transcriber = ScriptedTranscriber({"a.wav": [FULL], "b.wav": [GONE]})
    assert _run(transcriber, ["a.wav", "b.wav"], screen) == FULL.exit_code


def test_what_the_engine_delivered_before_it_failed_is_written(
    tmp_path: Path, screen: Screen
) -> None:
    target = tmp_path / "talk.json"
    transcriber = ScriptedTranscriber({"a.wav": ["One.", "Two.", FULL]})
    assert _run(transcriber, ["a.wav"], screen, str(target)) == 5
    written = json.loads(target.read_text(encoding="utf-8"))
    assert [s["text"] for s in written["segments"]] == ["One.", "Two."]
    assert written["complete"] is False
    assert written["model"] == "scripted"
    assert "stopped early; 0:20 of audio, 2 segments" in screen.err.getvalue()
    assert "The memory is full." in screen.err.getvalue()


def test_a_cancelled_file_keeps_its_segments_and_later_files_are_not_begun(
    tmp_path: Path, screen: Screen
) -> None:
    cancel = threading.Event()
    transcriber = ScriptedTranscriber(
        {"a.wav": ["One.", "Two."], "b.wav": ["Three."]}, after_segment=cancel.set
    )
    out = str(tmp_path)
    assert _run(transcriber, ["a.wav", "b.wav"], screen, out, cancel) == 130
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text(encoding="utf-8").strip() == "One."


def test_warnings_stand_beside_the_text(screen: Screen) -> None:
    transcriber = ScriptedTranscriber({"a.wav": ["One."]}, warnings=("The last 12.0 s are gone.",))
    assert _run(transcriber, ["a.wav"], screen) == 0
    assert screen.out.getvalue() == "One.\n"
    assert "a.wav: warning: The last 12.0 s are gone." in screen.err.getvalue()


def test_text_that_cannot_be_written_is_printed_instead(tmp_path: Path, screen: Screen) -> None:
    taken = tmp_path / "talk.txt"
    taken.mkdir()
    jobs = [(Path("a.wav"), Destination(taken, "txt"))]
    transcriber = ScriptedTranscriber({"a.wav": ["One."]})
    code = transcribe_files(transcriber, jobs, OPTIONS, screen.console, threading.Event())
    assert code == 6
    assert screen.out.getvalue() == "One.\n"


def test_ctrl_c_cancels_once_and_ends_at_the_second(screen: Screen) -> None:
    before = signal.getsignal(signal.SIGINT)
    with cancel_on_interrupt(screen.console) as cancel:
        signal.raise_signal(signal.SIGINT)
        assert cancel.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert "what is finished is kept" in screen.err.getvalue()


def test_a_recording_without_speech_says_so(screen: Screen) -> None:
    assert _run(ScriptedTranscriber({"a.wav": []}), ["a.wav"], screen) == 0
    assert "no speech found" in screen.err.getvalue()
