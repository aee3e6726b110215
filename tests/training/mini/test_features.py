"""The cached features are the stock extractor's."""

from pathlib import Path

import pytest
import torch
from transformers.models.qwen3_asr.feature_extraction_qwen3_asr import Qwen3ASRFeatureExtractor

from tests.training.mini.corpora import tone_corpus
from training.mini.features import floored, log_mel


def test_the_cache_gives_what_the_stock_extractor_gives(tmp_path: Path) -> None:
    corpus = tone_corpus(tmp_path, count=3)
    for clip in corpus.clips:
        stock = Qwen3ASRFeatureExtractor()(
            corpus.wave(clip).numpy(),
            sampling_rate=16_000,
            padding=True,
            return_attention_mask=True,
        )
        frames = int(stock["attention_mask"].sum())
        assert frames == clip.hops
        expected = stock["input_features"][0, :, :frames]
        torch.testing.assert_close(floored(corpus.mel(clip)), expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize("seconds", [1, 3])
def test_without_the_cache_they_are_equal(seconds: int) -> None:
    wave = 0.1 * torch.randn(seconds * 16_000, generator=torch.Generator().manual_seed(1))
    stock = Qwen3ASRFeatureExtractor()(wave.numpy(), sampling_rate=16_000, padding=True)
    torch.testing.assert_close(
        floored(log_mel(wave)), stock["input_features"][0], atol=1e-5, rtol=0
    )
