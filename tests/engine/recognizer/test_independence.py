"""What is heard in a clip does not depend on the clips beside it."""

import numpy as np
import pytest
import torch

from engine.recognizer import Clip, Recognizer
from engine.samples import Samples


def _loud_noise(seconds: float) -> Samples:
    noise = np.random.default_rng(0).standard_normal(int(16_000 * seconds))
    return (0.3 * noise).astype(np.float32)


def _clips(speech: dict[str, Samples]) -> list[Clip]:
    """All lengths, routes, languages and contexts."""
    return [
        Clip(speech["meeting"], gate=1.0, context="Olivia, Kilburn"),
        Clip(speech["kettle"][:2_000]),
        Clip(speech["kettle"], language="English"),
        Clip(_loud_noise(3.3), gate=0.5),
        Clip(speech["train"][:37_123], gate=1.0, language="zh", context="tea"),
        Clip(speech["train"]),
    ]


@pytest.mark.parametrize("name", ["tiny", "mini_recognizer"])
def test_logits_alone_and_in_company(name, request, speech):
    recognizer: Recognizer = request.getfixturevalue(name)
    clips = _clips(speech)
    together = recognizer.logits(recognizer.batch(clips))
    alone = torch.cat([recognizer.logits(recognizer.batch([clip])) for clip in clips])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-4)


def test_answers_alone_and_in_company(tiny, speech):
    clips = _clips(speech)
    together = tiny.transcribe(clips)
    for clip, hypothesis in zip(clips, together, strict=True):
        (alone,) = tiny.transcribe([clip])
        assert hypothesis.token_ids == alone.token_ids
        assert hypothesis.truncated == alone.truncated
        assert hypothesis.confidence == pytest.approx(alone.confidence, abs=1e-4)


def test_attention_does_not_cross_clips(tiny, speech):
    """The encoder packs all clips into one sequence: the others' sound must not come through."""
    clip = Clip(speech["meeting"], gate=1.0)
    beside = [_loud_noise(4.0), np.zeros(64_000, np.float32), speech["train"][:64_000]]
    scores = [tiny.logits(tiny.batch([Clip(b), clip, Clip(b, gate=1.0)]))[1] for b in beside]
    assert torch.equal(scores[0], scores[1])
    assert torch.equal(scores[0], scores[2])


def test_padding_holds_nothing(tiny, speech):
    batch = tiny.batch([Clip(speech["kettle"]), Clip(speech["meeting"])])
    features, mask = (batch.tensors[n] for n in ("input_features", "input_features_mask"))
    assert features.shape[-1] % 100 == 0
    assert not features.movedim(1, -1)[mask == 0].any()
    assert (batch.tensors["attention_mask"].diff(dim=1) >= 0).all(), "padded on the left"
    assert (
        batch.positions[:, -1].tolist() == (batch.tensors["attention_mask"].sum(dim=1) - 1).tolist()
    )


def test_a_very_short_clip_is_filled_up_with_silence(tiny, speech):
    short = speech["kettle"][4_000:7_000]
    filled = np.concatenate([short, np.zeros(5_000, np.float32)])
    scores = [tiny.logits(tiny.batch([Clip(samples)])) for samples in (short, filled)]
    assert torch.equal(*scores)
