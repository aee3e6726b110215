"""The pipeline: the shipped model on the shipped sample, and the guard with a scripted one."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.errors import CancelledError, MissingAudioError, MissingModelError, UsageError
from engine.judge import Judge
from engine.options import Progress, TranscribeOptions
from engine.recognizer import Clip, Hypothesis
from engine.samples import Samples
from engine.segments import SpeechDetector
from engine.transcriber import Transcriber
from engine.transcript import DecidedBy, Flag, Route, Segment, Transcript
from training.score import count_errors


@pytest.fixture(scope="module")
def transcriber(mini: Path) -> Transcriber:
    return Transcriber.open(mini, device="cpu")


@pytest.fixture(scope="module")
def transcript(transcriber: Transcriber, sample: Path) -> Transcript:
    return transcriber.transcribe(sample)


def test_the_sample_is_understood_on_both_routes(transcript: Transcript, sample: Path) -> None:
    reference = sample.with_suffix(".txt").read_text(encoding="utf-8")
    rate = count_errors(reference, transcript.text, "en").rate
    assert rate is not None
    assert rate <= 0.15
    assert {segment.route for segment in transcript.segments} == {Route.BASE, Route.ROBUST}
    assert all(s.decided_by is not DecidedBy.DEFAULT for s in transcript.segments)
    assert transcript.complete


def test_segments_and_pauses_partition_the_file(transcript: Transcript) -> None:
    pieces = sorted([*transcript.segments, *transcript.non_speech], key=lambda p: p.start_s)
    assert pieces[0].start_s == 0.0
    assert pieces[-1].end_s == pytest.approx(transcript.duration_s)
    for earlier, later in pairwise(pieces):
        assert earlier.end_s == pytest.approx(later.start_s)


def test_segments_and_progress_are_delivered_as_they_come(
    transcriber: Transcriber, sample: Path, transcript: Transcript
) -> None:
    delivered: dict[int, Segment] = {}
    progress: list[Progress] = []
    again = transcriber.transcribe(
        sample, on_segment=delivered.__setitem__, on_progress=progress.append
    )
    assert again == transcript
    assert tuple(delivered[i] for i in range(len(delivered))) == again.segments
    done = [p.done_s for p in progress]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(progress[-1].total_s)


def test_progress_goes_on_through_long_silence(speech: dict[str, Samples], tmp_path: Path) -> None:
    silence = np.zeros(40 * 16_000, np.float32)
    soundfile.write(
        tmp_path / "long.wav", np.concatenate([silence, speech["train"], silence]), 16_000
    )
    progress: list[Progress] = []
    judge = Judge(None, SpeechDetector(), has_adapter=False)
    judged = judge.route(tmp_path / "long.wav", on_progress=progress.append)
    done = [0.0, *(p.done_s for p in progress)]
    assert done == sorted(done)
    assert max(later - earlier for earlier, later in pairwise(done)) <= 6.0
    assert done[-1] == pytest.approx(judged.duration_s)
    assert [round(rest.end_s - rest.start_s) for rest in judged.non_speech] == [40, 40]


def test_cancelling_keeps_what_is_finished(transcriber: Transcriber, sample: Path) -> None:
    cancel = threading.Event()
    delivered: dict[int, Segment] = {}

    def stop_after_the_first(index: int, segment: Segment) -> None:
        delivered[index] = segment
        cancel.set()

    partial = transcriber.transcribe(sample, on_segment=stop_after_the_first, cancel=cancel)
    assert not partial.complete
    assert set(partial.segments) == set(delivered.values())


@pytest.mark.parametrize("route", list(Route))
def test_a_forced_route_is_taken_everywhere(
    transcriber: Transcriber, sample: Path, route: Route
) -> None:
    forced = transcriber.transcribe(sample, TranscribeOptions(route=route))
    assert {(s.route, s.decided_by) for s in forced.segments} == {(route, DecidedBy.USER)}
    assert all([d.route for d in s.alternatives] == [route] for s in forced.segments)


def test_routing_alone_judges_like_a_transcription(
    transcriber: Transcriber, sample: Path, transcript: Transcript
) -> None:
    judged = transcriber.route(sample)
    assert [s.text for s in judged.segments] == [""] * len(transcript.segments)
    assert [s.degraded_probability for s in judged.segments] == pytest.approx(
        [s.degraded_probability for s in transcript.segments], abs=1e-4
    )


def test_the_threshold_is_the_routers_own_unless_one_is_asked_for(
    mini: Path, sample: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(mini / "adapters" / "robust", tmp_path / "own")
    shutil.copyfile(mini / "router" / "router.safetensors", folder / "router.safetensors")
    (folder / "router.json").write_text('{"threshold": 0.0}')
    judge = Judge.open(mini, adapter=folder)
    always = judge.route(sample)
    assert always.threshold == 0.0
    assert {s.route for s in always.segments} == {Route.ROBUST}
    usual = judge.route(sample, TranscribeOptions(threshold=0.5))
    assert usual.threshold == 0.5
    assert Route.BASE in {s.route for s in usual.segments}


def test_the_other_route_is_stored_beside_the_first(
    transcriber: Transcriber, sample: Path, transcript: Transcript
) -> None:
    chosen = [s for s in transcript.segments if s.decided_by is DecidedBy.ROUTER][:2]
    delivered: dict[int, Segment] = {}
    others = transcriber.decode(
        sample, chosen, [s.route.other for s in chosen], on_segment=delivered.__setitem__
    )
    assert delivered == dict(enumerate(others))
    for before, after in zip(chosen, others, strict=True):
        assert (after.start_s, after.end_s) == (before.start_s, before.end_s)
        assert after.route is before.route.other
        assert after.decided_by is DecidedBy.USER
        kept = after.decoding(before.route)
        assert kept is not None
        assert kept.text == before.text


def test_what_the_router_would_choose_too_is_the_routers(
    transcriber: Transcriber, sample: Path, transcript: Transcript
) -> None:
    segment = next(s for s in transcript.segments if s.decided_by is DecidedBy.ROUTER)
    (again,) = transcriber.decode(sample, [segment], [segment.route])
    assert again.decided_by is DecidedBy.ROUTER
    assert again.text == segment.text


def test_starting_later_keeps_times_absolute(
    transcriber: Transcriber, sample: Path, transcript: Transcript
) -> None:
    third = transcript.segments[2]
    rest = transcriber.transcribe(sample, TranscribeOptions(start_s=third.start_s))
    assert rest.segments[0].start_s >= third.start_s
    assert rest.segments[-1].end_s == pytest.approx(transcript.segments[-1].end_s, abs=0.1)
    assert rest.duration_s == pytest.approx(transcript.duration_s)


def test_errors_come_before_work(transcriber: Transcriber, tmp_path: Path) -> None:
    with pytest.raises(MissingAudioError):
        transcriber.transcribe(tmp_path / "nothing.wav")
    with pytest.raises(UsageError):
        transcriber.transcribe(tmp_path / "nothing.wav", TranscribeOptions(language="Klingon"))


def test_a_long_silence_can_be_cancelled(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.flac", np.zeros(60 * 16_000, np.float32), 16_000)
    cancel = threading.Event()

    class CountingDetector(SpeechDetector):
        taken = 0

        def push(self, samples: Samples) -> NDArray[np.float32]:
            self.taken += len(samples)
            cancel.set()
            return super().push(samples)

    detector = CountingDetector()
    silent = Transcriber(
        ScriptedRecognizer("", ""),  # type: ignore[arg-type]
        Judge(None, detector, has_adapter=True),
    ).transcribe(tmp_path / "silence.flac", cancel=cancel)
    assert not silent.complete
    assert detector.taken < 10 * 16_000


class ScriptedRecognizer:
    """Writes what the script says for each gate, for every clip."""

    def __init__(self, base: str, robust: str, *, has_adapter: bool = True) -> None:
        self.has_adapter = has_adapter
        self._script = {0.0: base, 1.0: robust}

    def stream(
        self, clips: Sequence[Clip], *, cancel: threading.Event | None = None
    ) -> Iterator[tuple[int, Hypothesis]]:
        self.contexts = [clip.context for clip in clips]
        for index, clip in enumerate(clips):
            text = self._script[clip.gate]
            yield index, Hypothesis(text, "English", 0.8, text, (1,), truncated=False)


LOOP = "and then we " * 12


def scripted(base: str, robust: str, *, has_adapter: bool = True) -> Transcriber:
    recognizer = ScriptedRecognizer(base, robust, has_adapter=has_adapter)
    judge = Judge(None, SpeechDetector(), has_adapter=has_adapter)
    return Transcriber(recognizer, judge)  # type: ignore[arg-type]


def test_what_the_guard_flags_is_heard_on_the_other_route(sample: Path) -> None:
    segments = scripted(LOOP, "a sentence").transcribe(sample).segments
    assert segments
    for segment in segments:
        assert (segment.route, segment.decided_by) == (Route.ROBUST, DecidedBy.GUARD)
        assert (segment.text, segment.flags) == ("a sentence", ())
        first = segment.decoding(Route.BASE)
        assert first is not None
        assert first.text == LOOP
        assert Flag.REPETITION in first.flags


def test_the_first_reading_stays_when_the_second_is_no_better(sample: Path) -> None:
    for segment in scripted(LOOP, LOOP).transcribe(sample).segments:
        assert (segment.route, segment.decided_by) == (Route.BASE, DecidedBy.DEFAULT)
        assert Flag.REPETITION in segment.flags
        assert len(segment.alternatives) == 2


def test_hot_words_that_leak_are_left_out_of_the_second_reading(sample: Path) -> None:
    recognizer = ScriptedRecognizer("Olga Kevin Sandra Eric", "a sentence")
    judge = Judge(None, SpeechDetector(), has_adapter=True)
    transcriber = Transcriber(recognizer, judge)  # type: ignore[arg-type]
    options = TranscribeOptions(context="Olga, Kevin, Sandra, Eric")
    for segment in transcriber.transcribe(sample, options).segments:
        assert (segment.text, segment.decided_by) == ("a sentence", DecidedBy.GUARD)
    assert set(recognizer.contexts) == {""}


def test_a_forced_route_is_flagged_but_not_overruled(sample: Path) -> None:
    options = TranscribeOptions(route=Route.BASE)
    for segment in scripted(LOOP, "a sentence").transcribe(sample, options).segments:
        assert (segment.text, segment.decided_by) == (LOOP, DecidedBy.USER)
        assert Flag.REPETITION in segment.flags


def test_without_an_adapter_there_is_no_other_route(sample: Path) -> None:
    bare = scripted(LOOP, "", has_adapter=False)
    assert all(s.route is Route.BASE for s in bare.transcribe(sample).segments)
    with pytest.raises(MissingModelError):
        bare.transcribe(sample, TranscribeOptions(route=Route.ROBUST))


@pytest.mark.parametrize("wrong", [{"threshold": -0.1}, {"max_segment_s": 31.0}, {"start_s": -1.0}])
def test_senseless_options_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        TranscribeOptions(**wrong)  # type: ignore[arg-type]


def test_cancelling_does_not_wait_for_a_late_segment(tmp_path: Path) -> None:
    resampled = tmp_path / "call.wav"  # cannot be sought: read from its beginning
    soundfile.write(resampled, np.zeros(40 * 8_000), 8_000)
    cancel = threading.Event()
    cancel.set()
    options = TranscribeOptions(start_s=38.0)
    assert not scripted("a", "b").transcribe(resampled, options, cancel=cancel).complete
    with pytest.raises(CancelledError):
        scripted("a", "b").decode(resampled, [Segment(30.0, 31.0)], [Route.BASE], cancel=cancel)
