"""Stretches cover the audio exactly, keep what may be speech, and part it at its pauses."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.segments.cutter import Cutter
from engine.segments.stretch import WINDOW, CutOptions, Stretch, StretchKind

RATE = 16_000
PER_S = RATE / WINDOW


def cut(
    samples: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    options: CutOptions | None = None,
    blocks: Iterable[int] = (),
) -> list[Stretch]:
    """Feeds blocks of the given sizes (then the rest), probabilities as they become known."""
    cutter = Cutter(options or CutOptions())
    stretches: list[Stretch] = []
    at = judged = 0
    for size in [*blocks, len(samples)]:
        block = samples[at : at + size]
        at += len(block)
        known = at // WINDOW
        stretches += cutter.push(block, probabilities[judged:known])
        judged = max(judged, known)
    return [*stretches, *cutter.finish(probabilities[judged:])]


def plan(*parts: tuple[float, float]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(seconds, probability) after each other, as samples and probabilities; speech is louder."""
    probabilities = np.concatenate(
        [np.full(round(seconds * PER_S), p, np.float32) for seconds, p in parts]
    )
    loudness = np.repeat(np.where(probabilities > 0.1, 0.1, 0.003), WINDOW)
    noise = np.random.default_rng(3).standard_normal(len(loudness))
    return (noise * loudness).astype(np.float32), probabilities


def speech(stretches: Sequence[Stretch]) -> list[tuple[float, float]]:
    return [(s.start_s, s.end_s) for s in stretches if s.kind is StretchKind.SPEECH]


@st.composite
def streams(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Any pattern of runs and pauses, with odd windows strewn in, and a ragged end."""
    parts = draw(
        st.lists(
            st.tuples(st.integers(1, 400), st.sampled_from([0.0, 0.05, 0.15, 0.3, 0.6, 1.0])),
            max_size=14,
        )
    )
    probabilities = np.concatenate(
        [np.zeros(0, np.float32), *(np.full(n, p, np.float32) for n, p in parts)]
    )
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    odd = rng.random(len(probabilities)) < draw(st.sampled_from([0.0, 0.02, 0.3]))
    probabilities[odd] = rng.random(int(odd.sum()), np.float32)
    count = max(0, len(probabilities) * WINDOW - draw(st.integers(0, WINDOW - 1)))
    return (rng.standard_normal(count) * 0.01).astype(np.float32), probabilities[
        : -(-count // WINDOW)
    ]


@settings(max_examples=150, deadline=None)
@given(stream=streams(), longest_s=st.sampled_from([1.0, 1.7, 5.0, 20.0, 30.0]), data=st.data())
def test_stretches_cover_the_audio_exactly(stream, longest_s: float, data: st.DataObject) -> None:
    samples, probabilities = stream
    options = CutOptions(max_segment_s=longest_s)
    blocks = data.draw(st.lists(st.integers(0, 40_000), max_size=20))
    stretches = cut(samples, probabilities, options, blocks)

    edges = [0, *(s.end for s in stretches)]
    assert [s.start for s in stretches] == edges[:-1]
    assert edges[-1] == len(samples)
    assert all(s.end > s.start for s in stretches)
    for stretch in stretches:
        assert (stretch.samples is not None) == (stretch.kind is StretchKind.SPEECH)
        if stretch.samples is not None:
            assert stretch.end - stretch.start <= longest_s * RATE
            np.testing.assert_array_equal(stretch.samples, samples[stretch.start : stretch.end])
    for a, b in pairwise(stretches):
        assert StretchKind.SPEECH in (a.kind, b.kind)


@settings(max_examples=150, deadline=None)
@given(stream=streams(), longest_s=st.sampled_from([1.0, 5.0, 30.0]))
def test_nothing_that_may_be_speech_is_dropped(stream, longest_s: float) -> None:
    samples, probabilities = stream
    options = CutOptions(max_segment_s=longest_s)
    kept = np.zeros(len(probabilities), bool)
    for stretch in cut(samples, probabilities, options):
        if stretch.kind is StretchKind.SPEECH:
            kept[stretch.start // WINDOW : -(-stretch.end // WINDOW)] = True
    assert kept[probabilities >= options.sure_threshold].all()
    weak = probabilities >= options.speech_threshold
    three = weak[:-2] & weak[1:-1] & weak[2:]
    assert kept[:-2][three].all()


@settings(max_examples=60, deadline=None)
@given(stream=streams(), blocks=st.lists(st.integers(1, 30_000), min_size=1, max_size=40))
def test_blocks_do_not_matter(stream, blocks: list[int]) -> None:
    samples, probabilities = stream
    assert _plain(cut(samples, probabilities, blocks=blocks)) == _plain(cut(samples, probabilities))


def test_silence_is_told_from_noise_by_its_level() -> None:
    for level, kind in [(0.0, "silence"), (0.0005, "silence"), (0.002, "noise"), (0.3, "noise")]:
        samples = np.full(10 * RATE, level, np.float32)
        (only,) = cut(samples, np.zeros(-(-len(samples) // WINDOW), np.float32))
        assert (only.start, only.end, only.kind) == (0, len(samples), kind)


def test_speech_is_padded_and_what_lies_around_it_is_marked() -> None:
    stretches = cut(*plan((3, 0), (4, 0.9), (3, 0)))
    assert [s.kind for s in stretches] == ["noise", "speech", "noise"]
    assert stretches[1].start_s == pytest.approx(3 - 0.25, abs=0.05)
    assert stretches[1].end_s == pytest.approx(7 + 0.25, abs=0.05)
    assert stretches[1].speech_s == pytest.approx(4, abs=0.05)


def test_turns_are_parted_and_hesitation_is_not() -> None:
    turns = speech(cut(*plan((3, 0.9), (0.7, 0), (3, 0.9), (0.4, 0), (2, 0.9))))
    assert len(turns) == 2
    assert turns[0][1] == turns[1][0] == pytest.approx(3.35, abs=0.05)


def test_a_short_word_joins_what_is_near_on_either_side() -> None:
    assert len(speech(cut(*plan((3, 0.9), (0.9, 0), (0.4, 0.9), (3, 0))))) == 1
    assert len(speech(cut(*plan((0.4, 0.9), (0.9, 0), (3, 0.9), (3, 0))))) == 1
    assert len(speech(cut(*plan((3, 0.9), (2, 0), (0.4, 0.9), (3, 0))))) == 2


def test_a_long_talk_is_cut_at_its_longest_pause_near_the_limit() -> None:
    first, second = speech(
        cut(*plan((6, 0.9), (0.5, 0), (6, 0.9), (0.1, 0), (2, 0.9), (0.3, 0), (8, 0.9)))
    )
    assert first[1] == second[0] == pytest.approx(14.75, abs=0.05)


def test_without_a_pause_the_quietest_place_is_taken() -> None:
    samples, probabilities = plan((35, 0.95))
    dip = slice(16 * RATE, 16 * RATE + 3 * WINDOW)
    samples[dip] *= 0.01
    stretches = cut(samples, probabilities)
    assert stretches[0].end_s == pytest.approx(16.05, abs=0.06)
    assert all(s.end - s.start <= 20 * RATE for s in stretches)


def test_a_click_is_no_speech_and_a_syllable_is() -> None:
    assert speech(cut(*plan((2, 0), (0.032, 0.3), (2, 0)))) == []
    assert len(speech(cut(*plan((2, 0), (0.032, 0.6), (2, 0))))) == 1
    assert len(speech(cut(*plan((2, 0), (0.13, 0.25), (2, 0))))) == 1


def test_quiet_grows_through_a_pause_and_never_beyond_it() -> None:
    samples, probabilities = plan((3, 0.9), (40, 0), (3, 0.9), (3, 0))
    cutter = Cutter(CutOptions())
    told: list[float] = []
    pauses: list[Stretch] = []
    for at in range(0, len(samples), RATE):
        first, last = at // WINDOW, (at + RATE) // WINDOW
        stretches = list(cutter.push(samples[at : at + RATE], probabilities[first:last]))
        pauses += [stretch for stretch in stretches if stretch.kind is not StretchKind.SPEECH]
        told.append(cutter.quiet_s)
    (pause,) = pauses
    during = told[: round(pause.end_s)]
    assert during == sorted(during)
    assert len(set(during)) > 35
    assert during[-1] <= pause.end_s - pause.start_s < during[-1] + 2.0
    assert told[-1] < 3.0  # of the silence behind


def test_memory_is_bounded_in_speech_and_in_silence() -> None:
    cutter = Cutter(CutOptions(max_segment_s=30.0))
    block = np.full(5 * RATE, 0.01, np.float32)
    windows = judged = 0
    for index in range(120):
        windows += len(block)
        count, judged = windows // WINDOW - judged, windows // WINDOW
        talking = index % 40 < 20
        list(cutter.push(block, np.full(count, 0.9 if talking else 0.0, np.float32)))
        assert cutter.held_s <= 36.0


@pytest.mark.parametrize(
    "values",
    [
        {"max_segment_s": 30.1},
        {"max_segment_s": 0.5},
        {"speech_threshold": 0.6},
        {"pause_threshold": 0.0},
        {"pause_s": 2.0},
    ],
)
def test_options_out_of_range_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        CutOptions(**values)


def test_probabilities_must_fit_the_samples() -> None:
    with pytest.raises(ValueError, match="more probabilities"):
        list(Cutter(CutOptions()).push(np.zeros(600, np.float32), np.zeros(3, np.float32)))
    cutter = Cutter(CutOptions())
    list(cutter.push(np.zeros(2_000, np.float32), np.zeros(1, np.float32)))
    with pytest.raises(ValueError, match="early"):
        list(cutter.finish(np.zeros(1, np.float32)))


def _plain(stretches: list[Stretch]) -> list[tuple[int, int, str, float]]:
    return [(s.start, s.end, s.kind, s.speech_s) for s in stretches]
