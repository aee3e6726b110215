"""Subtitles keep their rules whatever is said."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.export import render
from engine.export.breaking import width
from engine.export.subtitles import MAX_CUE_S, MIN_CUE_S, cues
from engine.transcript import Segment, Transcript


def of(*segments: tuple[float, float, str]) -> Transcript:
    parts = tuple(Segment(start_s, end_s, text) for start_s, end_s, text in segments)
    return Transcript("a.wav", 100.0, parts)


texts = st.lists(
    st.one_of(
        st.sampled_from(
            ["the", "station,", "forever.", "a", "Donaudampfschifffahrtsgesellschaft" * 3]
        ),
        st.sampled_from(["我们在站台", "等了一个小时。", "（真的）", "東京！"]),
        st.text(min_size=1, max_size=12),
    ),
    max_size=40,
).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1_000), st.floats(0, 30), texts), max_size=5))
def test_rules_hold(parts: list[tuple[float, float, str]]) -> None:
    transcript = of(*((start_s, start_s + length_s, text) for start_s, length_s, text in parts))
    shown = cues(transcript)
    for cue in shown:
        assert 1 <= len(cue.lines) <= 2
        assert all(line.strip() == line and line and width(line) <= 42 for line in cue.lines)
        assert 0 < cue.end_ms - cue.start_ms <= 1_000 * MAX_CUE_S + 1
    for a, b in pairwise(shown):
        assert a.end_ms <= b.start_ms
    said = "".join(
        "".join(s.text.split()) for s in sorted(transcript.segments, key=lambda s: s.start_s)
    )
    assert "".join("".join(line.split()) for cue in shown for line in cue.lines) == said


def test_chinese_lines_have_21_characters_and_never_begin_with_a_comma() -> None:
    text = "我们在站台的尽头等了将近一个小时，没有人听懂广播里说的是什么。" * 4
    for cue in cues(of((0.0, 28.0, text))):
        for line in cue.lines:
            assert len(line) <= 21
            assert line[0] not in "，。"


def test_sentences_are_parted_where_they_end() -> None:
    sentence = "This is the first sentence and it is rather long."
    text = f"{sentence} And this is the second, of the same length."
    first, second = cues(of((0.0, 10.0, text)))
    assert " ".join(first.lines) == sentence
    assert first.end_ms == second.start_ms == pytest.approx(5_200, abs=150)


def test_a_short_word_stays_readable_if_there_is_room() -> None:
    alone, hurried, last = cues(of((1.0, 1.2, "Yes."), (5.0, 5.2, "No."), (5.6, 7.0, "Perhaps.")))
    assert alone.end_ms - alone.start_ms == 1_000 * MIN_CUE_S
    assert hurried.end_ms == last.start_ms == 5_600


def test_a_word_does_not_linger() -> None:
    (cue,) = cues(of((0.0, 20.0, "Hello?")))
    assert cue.end_ms == 7_000


def test_webvtt_escapes_and_subrip_does_not() -> None:
    transcript = of((0.0, 2.0, "a --> b & <i>c</i>"))
    assert "a --&gt; b &amp; &lt;i&gt;c&lt;/i&gt;" in render(transcript, "vtt")
    assert "a --> b & <i>c</i>" in render(transcript, "srt")
    assert render(transcript, "vtt").startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n")
