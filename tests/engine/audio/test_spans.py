"""Parts of a recording are the parts of the whole."""

from pathlib import Path

import numpy as np
import pytest

from engine.audio import SAMPLE_RATE_HZ, load, load_span, load_spans, preview_span
from tests.engine.audio.making import by_ffmpeg, by_soundfile

SPANS = [(0.0, 0.5), (0.25, 1.75), (0.25, 0.25), (2.0, 3.123), (5.9, 9.0), (30.0, 31.0)]


@pytest.fixture(params=["16k.wav", "44k.wav", "16k.flac", "a.mp3", "a.m4a", "a.mkv"])
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    match request.param:
        case "16k.wav":
            return by_soundfile(path, "WAV", "PCM_16", 16_000, 2)
        case "44k.wav":
            return by_soundfile(path, "WAV", "PCM_16", 44_100)
        case "16k.flac":
            return by_soundfile(path, "FLAC", "PCM_16", 16_000)
        case "a.mp3":
            return by_soundfile(path, "MP3", "MPEG_LAYER_III", 44_100)
        case "a.m4a":
            return by_ffmpeg(path, "aac")
        case _:
            return by_ffmpeg(path, "libopus", video=True)


def cut(whole: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    return whole[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]


def test_spans_are_slices_of_the_whole_bit_for_bit(recording: Path) -> None:
    whole = load(recording)
    parts = list(load_spans(recording, SPANS))
    assert len(parts) == len(SPANS)
    for part, span in zip(parts, SPANS, strict=True):
        np.testing.assert_array_equal(part, cut(whole, *span))
    np.testing.assert_array_equal(load_span(recording, 1.0, 2.0), cut(whole, 1.0, 2.0))


def test_previews_are_near_enough_for_the_ear(recording: Path) -> None:
    whole = load(recording)
    for span in [(0.0, 1.0), (0.05, 1.0), (4.0, 5.0), (5.5, 9.0)]:
        part, exact = preview_span(recording, *span), cut(whole, *span)
        assert abs(len(part) - len(exact)) <= 32  # Matroska tells time in ms
        length = min(len(part), len(exact))
        # 2 ms of a 440 Hz tone is most of a period: compare how loud it is, every 20 ms.
        a, b = (np.abs(x[: length // 320 * 320]).reshape(-1, 320).max(1) for x in (part, exact))
        np.testing.assert_allclose(a, b, atol=0.06)
        if recording.suffix in {".wav", ".flac"}:
            np.testing.assert_allclose(part[:length], exact[:length], atol=1e-4)


@pytest.mark.parametrize("spans", [[(2.0, 3.0), (1.0, 2.0)], [(3.0, 2.0)], [(-1.0, 2.0)]])
def test_spans_that_make_no_sense_are_refused(
    tmp_path: Path, spans: list[tuple[float, float]]
) -> None:
    path = by_soundfile(tmp_path / "a.wav", "WAV", "PCM_16", 16_000)
    with pytest.raises(ValueError, match="span"):
        list(load_spans(path, spans))
