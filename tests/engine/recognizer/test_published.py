"""The tiny model in the published layout against what the official code gave for it."""

import numpy as np
import pytest

from engine.recognizer import Clip

NAMES = ("meeting", "kettle", "train")
ROUTES = ("base", "robust")


@pytest.fixture(scope="module")
def recorded_logits(published_layout):
    return np.load(published_layout / "last_logits.npz")


@pytest.fixture(scope="module")
def clips(speech):
    """Every clip on both routes, all in one batch."""
    return {
        (name, route): Clip(speech[name], gate=float(route == "robust"))
        for name in NAMES
        for route in ROUTES
    }


def test_prompts_and_logits(tiny, clips, recorded_logits, published):
    batch = tiny.batch(list(clips.values()))
    lengths = batch.tensors["attention_mask"].sum(dim=1).tolist()
    scores = tiny.logits(batch).numpy()
    for (name, route), length, row in zip(clips, lengths, scores, strict=True):
        assert length == published["clips"][name][route]["prompt_tokens"]
        np.testing.assert_allclose(row, recorded_logits[f"{name}.{route}"], atol=1e-4)


def test_token_ids(tiny, clips, published):
    found = tiny.transcribe(list(clips.values()))
    for (name, route), hypothesis in zip(clips, found, strict=True):
        expected = published["clips"][name][route]["generated_ids"]
        assert list(hypothesis.token_ids[: len(expected)]) == expected


def test_a_forced_language_and_a_context_take_the_recorded_room(tiny, speech, published):
    """The recording does not say which context it used; every prompt grew by the same length.

    What is left of that growth behind the forced tag is the context's, whatever the clip.
    """
    tag = len(tiny.processor.tokenizer.encode("language English<asr_text>"))
    context = "a" * 12
    assert len(tiny.processor.tokenizer.encode(context)) == 12
    for name in NAMES:
        batch = tiny.batch([Clip(speech[name], language="English", context=context)])
        recorded = published["clips"][name]
        grown = recorded["base_english"]["prompt_tokens"] - recorded["base"]["prompt_tokens"]
        assert grown == tag + 12
        assert batch.tensors["input_ids"].shape[1] == recorded["base_english"]["prompt_tokens"]
