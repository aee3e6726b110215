"""The encoder's attention: over the whole clip, or in windows of 8 s, as the profile says."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.checkpoint import Profile, locate
from engine.checkpoint.base import load_base

SECOND = 16_000
FRAMES_A_SECOND = 13


@pytest.fixture(scope="module", params=[True, False], ids=["global", "windowed"])
def encode(request, published_layout):
    profile = Profile(global_attention=request.param)
    folder = replace(locate(published_layout), profile=profile)
    model, processor = load_base(folder, "cpu", torch.float32)

    def frames(samples: np.ndarray) -> Tensor:
        inputs = processor.apply_transcription_request([samples])
        with torch.inference_mode():
            return model.model.get_audio_features(
                inputs["input_features"], inputs["input_features_mask"]
            ).pooler_output

    frames.is_global = request.param
    return frames


def test_the_first_seconds_hear_the_last_ones_only_through_global_attention(encode):
    rng = np.random.default_rng(3)
    clip = (0.1 * rng.standard_normal(12 * SECOND)).astype(np.float32)
    changed = clip.copy()
    changed[11 * SECOND :] = changed[11 * SECOND :][::-1]
    first, again = encode(clip), encode(changed)
    assert first.shape[0] == 12 * FRAMES_A_SECOND
    window = 8 * FRAMES_A_SECOND
    gap = (first - again).abs()
    assert gap[window:].max() > 1e-4
    assert (gap[:window].max() > 1e-5) == encode.is_global


def test_a_clip_that_fits_a_window_is_the_same_either_way(published_layout, speech):
    scores = []
    for is_global in (True, False):
        folder = replace(locate(published_layout), profile=Profile(is_global))
        model, processor = load_base(folder, "cpu", torch.float32)
        with torch.inference_mode():
            inputs = processor.apply_transcription_request([speech["meeting"]])
            scores.append(model(**inputs).logits)
    assert torch.equal(*scores)
