"""Sound in: any audio or video file as mono 16 kHz float32. Never imports torch."""

from engine.audio.decode import load, stream
from engine.audio.info import SAMPLE_RATE_HZ, AudioInfo
from engine.audio.opening import probe
from engine.audio.spans import Span, load_span, load_spans, preview_span

__all__ = [
    "SAMPLE_RATE_HZ",
    "AudioInfo",
    "Span",
    "load",
    "load_span",
    "load_spans",
    "preview_span",
    "probe",
    "stream",
]
