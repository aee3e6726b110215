"""Makes small recordings in every format that the libraries at hand can write."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

LENGTH_S = 6.0


def sound(rate: int, channels: int = 1, length_s: float = LENGTH_S) -> NDArray[np.float32]:
    """A tone that swells three times a second, with a little noise: [n, channels]."""
    time_s = np.arange(round(rate * length_s)) / rate
    tone = 0.3 * np.sin(2 * np.pi * 440 * time_s) * (1 + np.sin(2 * np.pi * 3 * time_s)) / 2
    noise = np.random.default_rng(7).standard_normal((len(time_s), channels)) * 0.01
    return (tone[:, None] + noise).astype(np.float32)


def by_soundfile(
    path: Path, kind: str, subtype: str, rate: int = 48_000, channels: int = 1
) -> Path:
    soundfile.write(path, sound(rate, channels), rate, format=kind, subtype=subtype)
    return path


def by_ffmpeg(
    path: Path,
    codec: str,
    kind: str | None = None,
    *,
    rate: int = 48_000,
    video: bool = False,
    late_s: float = 0.0,
    faststart: bool = False,
) -> Path:
    """Stereo where the codec allows it; ``late_s``: the sound begins after the picture."""
    channels = 1 if "amr" in codec else 2
    samples = sound(rate, channels)
    options = {"movflags": "faststart"} if faststart else {}
    with av.open(str(path), "w", format=kind, options=options) as container:
        stream = container.add_stream(
            codec, rate=rate, layout="mono" if channels == 1 else "stereo"
        )
        stream.bit_rate = 64_000 if channels == 2 else 12_200
        if video:
            _add_picture(container)
        size = 1_024
        for start in range(0, len(samples) - size + 1, size):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[start : start + size].T),
                format="fltp",
                layout=stream.layout.name,
            )
            frame.sample_rate = rate
            frame.pts = start + round(late_s * rate)
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _add_picture(container: av.container.OutputContainer) -> None:
    stream = container.add_stream("mpeg4", rate=10)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    for index in range(round(10 * LENGTH_S)):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), index, np.uint8), format="rgb24")
        frame.pts = index
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def cut_off(path: Path, share: float = 0.5) -> Path:
    """A copy that holds only the first ``share`` of the bytes."""
    data = path.read_bytes()
    copy = path.with_name(f"cut_{path.name}")
    copy.write_bytes(data[: int(len(data) * share)])
    return copy


def damaged(path: Path, size_bytes: int = 3_000) -> Path:
    """A copy with noise written over ``size_bytes`` at a third of its length."""
    data = bytearray(path.read_bytes())
    at = len(data) // 3
    data[at : at + size_bytes] = np.random.default_rng(1).bytes(size_bytes)
    copy = path.with_name(f"damaged_{path.name}")
    copy.write_bytes(data)
    return copy
