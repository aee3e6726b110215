"""What routing costs: detector, router and guard against recognition.

The detector, the router and the guard are the same whatever the recogniser's size, so their times
are measured as they are. Recognition at 1.7B size is estimated from measured parts: with random
bfloat16 weights, a model of published widths is built once with one layer in each stack and once
with three; the difference is the price of two layers, the rest is fixed (convolutions, projector,
output layer), and both are scaled to the published 24 and 28 layers.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from engine.guard import Circumstances, inspect
from engine.router import RouterNetwork
from engine.router.features import log_mel
from engine.samples import SAMPLE_RATE_HZ
from engine.segments import SpeechDetector
from engine.transcript import Decoding, Route
from tests.bench.published import published_config

CLIP_S = 10
TOKENS = 35
"""What 10 s of English take in the published tokenizer: about 27 words."""

ENCODER_LAYERS, DECODER_LAYERS = 24, 28


@dataclass(frozen=True, slots=True)
class _Parts:
    """Seconds for one 10 s clip: encoder, prefill, and one token."""

    encoder_s: float
    prefill_s: float
    token_s: float


def measure() -> list[str]:
    """Lines to print."""
    noise = np.random.default_rng(0).standard_normal(CLIP_S * SAMPLE_RATE_HZ)
    samples = (0.1 * noise).astype(np.float32)
    detector = SpeechDetector()
    network = RouterNetwork().eval()
    text = "please remind me to print the forms before we leave for the appointment " * 2
    decoding = Decoding(Route.BASE, text, "English", 0.9, raw_text=text)
    around = Circumstances(CLIP_S, 0.9 * CLIP_S)

    def route() -> None:
        with torch.inference_mode():
            network(*log_mel([samples]))

    detect_s = _median(lambda: detector.speech_s(samples))
    route_s = _median(route)
    guard_s = _median(lambda: inspect(decoding, around))
    recognise_s = _recognition_s(samples)
    routing = detect_s + route_s + guard_s
    return [
        f"one {CLIP_S} s clip, {torch.get_num_threads()} threads, bfloat16, {TOKENS} tokens",
        f"speech detection / recognition at 1.7B: {100 * detect_s / recognise_s:.3f} %",
        f"router / recognition at 1.7B:           {100 * route_s / recognise_s:.3f} %",
        f"guard / recognition at 1.7B:            {100 * guard_s / recognise_s:.3f} %",
        f"routing overhead in all (target < 2 %): {100 * routing / recognise_s:.3f} %",
    ]


def _recognition_s(samples: np.ndarray) -> float:
    """Seconds to recognise one clip at 1.7B, from parts (see the module's first lines)."""
    small, large = _parts(samples, layers=1), _parts(samples, layers=3)

    def scaled(one: float, three: float, layers: int) -> float:
        return one + (layers - 1) * (three - one) / 2

    encoder_s = scaled(small.encoder_s, large.encoder_s, ENCODER_LAYERS)
    prefill_s = scaled(small.prefill_s, large.prefill_s, DECODER_LAYERS)
    token_s = scaled(small.token_s, large.token_s, DECODER_LAYERS)
    return encoder_s + prefill_s + TOKENS * token_s


def _parts(samples: np.ndarray, *, layers: int) -> _Parts:
    from transformers import (
        DynamicCache,
        Qwen3ASRFeatureExtractor,
        Qwen3ASRForConditionalGeneration,
    )

    config = published_config(layers=layers)
    with torch.device("meta"):
        model = Qwen3ASRForConditionalGeneration(config)
    model = model.to(torch.bfloat16).to_empty(device="cpu").eval()
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.uniform_(-0.02, 0.02) if tensor.is_floating_point() else tensor.zero_()
    features = Qwen3ASRFeatureExtractor()(
        samples, sampling_rate=SAMPLE_RATE_HZ, return_attention_mask=True, return_tensors="pt"
    )
    mel = features["input_features"].to(torch.bfloat16)
    mask = features["attention_mask"]
    prompt = torch.randn(1, 13 * CLIP_S + 20, 2048, dtype=torch.bfloat16)
    one = prompt[:, :1]
    decoder, head = model.model.language_model, model.lm_head

    def last_logits(embeddings: torch.Tensor, cache: DynamicCache) -> None:
        hidden = decoder(inputs_embeds=embeddings, past_key_values=cache).last_hidden_state
        head(hidden[:, -1])

    cache = DynamicCache(config=config.text_config)
    with torch.no_grad():
        encoder_s = _median(lambda: model.model.get_audio_features(mel, mask), 3)
        prefill_s = _median(lambda: last_logits(prompt, DynamicCache(config=config.text_config)), 3)
        last_logits(prompt, cache)
        token_s = _median(lambda: last_logits(one, cache), 5)
    return _Parts(encoder_s, prefill_s, token_s)


def _median(work: Callable[[], object], times: int = 5) -> float:
    """Median seconds of a few runs, after one that is not counted."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
