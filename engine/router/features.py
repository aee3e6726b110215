"""The router's log-mel frames, equal to the published front end within 1e-5."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from engine.samples import SAMPLE_RATE_HZ, Samples

FFT_SIZE = 400
HOP = 160


def log_mel(clips: Sequence[Samples], n_mels: int = 80) -> tuple[Tensor, Tensor]:
    """Power mel spectrograms on a log scale: ``(log10(max(mel, 1e-10)) + 4) / 4``.

    Frames are centred with reflection at the true ends of each clip; window Hann (periodic),
    filters Slaney in scale and norm, 0-8000 Hz.

    Args:
        clips: each shape (n,), float32, 16 kHz; one shorter than a frame is zero-padded to one.
        n_mels: mel bands.

    Returns:
        Frames, shape (batch, frames, n_mels), float32, zeros behind shorter clips; and the true
        lengths in frames, ``n // 160 + 1``, shape (batch,), int64.
    """
    spectrograms = [_log_mel_of_one(torch.from_numpy(clip), n_mels) for clip in clips]
    lengths = torch.tensor([len(frames) for frames in spectrograms])
    return pad_sequence(spectrograms, batch_first=True), lengths


def _log_mel_of_one(samples: Tensor, n_mels: int) -> Tensor:
    samples = pad(samples, (0, max(0, FFT_SIZE - len(samples))))
    spectrum = torch.stft(
        samples,
        n_fft=FFT_SIZE,
        hop_length=HOP,
        window=torch.hann_window(FFT_SIZE),
        center=True,
        pad_mode="reflect",
        return_complex=True,
    )
    mel = spectrum.abs().square().T @ _mel_filters(n_mels)
    return (torch.log10(mel.clamp(min=1e-10)) + 4) / 4


@cache
def _mel_filters(n_mels: int) -> Tensor:
    """Slaney's triangles of equal area, shape (FFT_SIZE // 2 + 1, n_mels), float32."""
    top_hz = SAMPLE_RATE_HZ / 2
    edges_hz = _mel_to_hz(np.linspace(0.0, _hz_to_mel(top_hz), n_mels + 2))
    bins_hz = np.linspace(0.0, top_hz, FFT_SIZE // 2 + 1)
    low, centre, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising = (bins_hz[:, None] - low) / (centre - low)
    falling = (high - bins_hz[:, None]) / (high - centre)
    triangles = np.clip(np.minimum(rising, falling), 0.0, None) * (2.0 / (high - low))
    return torch.from_numpy(triangles.astype(np.float32))


# Slaney's scale (Auditory Toolbox): linear below 1 kHz (3 mel per 200 Hz), logarithmic above.
_BREAK_HZ = 1000.0
_BREAK_MEL = 15.0
_LOG_STEP = np.log(6.4) / 27.0


def _hz_to_mel(hz: float) -> float:
    if hz < _BREAK_HZ:
        return 3.0 * hz / 200.0
    return float(_BREAK_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP)


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    logarithmic = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, 200.0 * mel / 3.0, logarithmic)
