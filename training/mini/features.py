"""Log-mel features as Qwen3-ASR's extractor computes them, in a form that can be cached and joined.

The extractor (Whisper's front end with 128 bands) floors a clip at 8 decades below its own peak and
then scales by (x + 4) / 4. The floor depends on the whole clip, so the cache holds scaled values
without it, and `floored` is applied last, after joining and augmentation.
"""

from functools import cache

import torch
from torch import Tensor
from transformers.models.qwen3_asr.feature_extraction_qwen3_asr import Qwen3ASRFeatureExtractor

from training.mini.speak import HOP

BANDS = 128
FRAMES_PER_SECOND = 100
N_FFT = 400
FLOOR = 2.0  # 8 decades, scaled by 4
SILENCE = (-10.0 + 4.0) / 4.0  # log10(1e-10), scaled


@cache
def _filters() -> Tensor:
    filters = Qwen3ASRFeatureExtractor(feature_size=BANDS).mel_filters  # (201, 128)
    return torch.from_numpy(filters).float().T.contiguous()


def log_mel(wave: Tensor) -> Tensor:
    """Scaled log-mel without the floor.

    `wave`: (samples,) or (batch, samples) float32 at 16 kHz, samples a multiple of 160.
    Returns (128, frames) or (batch, 128, frames) float32, one frame per 160 samples.
    """
    spectrum = torch.stft(wave, N_FFT, HOP, window=torch.hann_window(N_FFT), return_complex=True)
    power = spectrum[..., :-1].abs().square()
    return ((_filters() @ power).clamp_min(1e-10).log10() + 4.0) / 4.0


def floored(mel: Tensor) -> Tensor:
    """The extractor's floor: nothing lower than 8 decades below the peak of the clip."""
    return torch.maximum(mel, mel.amax(dim=(-2, -1), keepdim=True) - FLOOR)
