"""What the model wrote -> language, words and confidence."""

import math

import numpy as np
import pytest

from engine.recognizer import Clip
from engine.recognizer.decoding import Answer
from engine.recognizer.hypothesis import read_answer

SAMPLES = np.zeros(16_000, np.float32)


def _read(tiny, raw: str, probabilities=None, language=None, truncated=False):
    ids = tiny.processor.tokenizer.encode(raw)
    likely = [math.log(p) for p in (probabilities or [0.5] * len(ids))]
    answer = Answer(tuple(ids), tuple(likely), truncated)
    return read_answer(tiny.processor, Clip(SAMPLES, language=language), answer)


@pytest.mark.parametrize(
    ("raw", "language", "text"),
    [
        ("language English<asr_text>Turn left. ", "English", "Turn left."),
        ("language None<asr_text>", None, ""),
        ("language Chinese<asr_text>你好", "Chinese", "你好"),
        ("no tag at all", None, "no tag at all"),
        ("", None, ""),
    ],
)
def test_detected_language(tiny, raw, language, text):
    hypothesis = _read(tiny, raw)
    assert (hypothesis.language, hypothesis.text) == (language, text)
    assert hypothesis.raw_text == raw


def test_forced_language_has_no_tag(tiny):
    hypothesis = _read(tiny, "Turn left.", language="en")
    assert (hypothesis.language, hypothesis.text) == ("English", "Turn left.")


def test_a_loop_is_shown_once_and_kept_raw(tiny):
    raw = "language English<asr_text>" + 30 * "no, "
    hypothesis = _read(tiny, raw, truncated=True)
    assert hypothesis.text.count("no") <= 2
    assert hypothesis.raw_text == raw
    assert hypothesis.truncated


def test_confidence_is_the_geometric_mean_over_the_words(tiny):
    tag = len(tiny.processor.tokenizer.encode("language English<asr_text>"))
    words = len(tiny.processor.tokenizer.encode("on"))
    hypothesis = _read(
        tiny, "language English<asr_text>onon", [0.01] * tag + [0.9, 0.4][: 2 * words]
    )
    assert hypothesis.confidence == pytest.approx(math.sqrt(0.9 * 0.4))


def test_confidence_of_no_words_is_that_of_saying_so(tiny):
    raw = "language None<asr_text>"
    count = len(tiny.processor.tokenizer.encode(raw))
    assert _read(tiny, raw, [0.8] * count).confidence == pytest.approx(0.8)
    assert _read(tiny, "").confidence == 0.0
