"""Waves there and back through speech coders, in memory, with their delay taken out.

libsndfile brings G.711 and GSM; FFmpeg brings AMR, Opus and MP3, as far as it was built with them.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import av
import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from av.audio.codeccontext import AudioCodecContext

from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.errors import CodecUnavailableError

_Samples = npt.NDArray[np.int16]
_INT16 = 32_767


@dataclass(frozen=True, slots=True)
class SndfileCoder:
    """A coder of libsndfile: its subtype. `delay` is in samples at `rate_hz`."""

    subtype: str
    rate_hz: int = 8_000
    delay: int = 0

    def available(self) -> bool:
        """Whether libsndfile has it."""
        return self.subtype in soundfile.available_subtypes("RAW")

    def passed(self, samples: _Samples, bitrate_bps: int) -> tuple[Wave, int]:
        """The samples coded and decoded, and their rate; the bit rate is the coder's only one."""
        how = {"samplerate": self.rate_hz, "format": "RAW", "subtype": self.subtype}
        with io.BytesIO() as memory:
            soundfile.write(memory, samples, **how)
            memory.seek(0)
            decoded, rate_hz = soundfile.read(memory, channels=1, dtype="float32", **how)
        return decoded, rate_hz


@dataclass(frozen=True, slots=True)
class FfmpegCoder:
    """A coder of FFmpeg.

    `delay` is what remains, in samples at `rate_hz`, after FFmpeg has dropped what it knows of.
    """

    encoder: str
    decoder: str
    sample_format: Literal["s16", "s16p"]
    options: tuple[tuple[str, str], ...] = ()
    rate_hz: int = SAMPLE_RATE
    delay: int = 0

    def available(self) -> bool:
        """Whether this FFmpeg has both halves."""
        try:
            av.Codec(self.encoder, "w")
            av.Codec(self.decoder, "r")
        except av.codec.codec.UnknownCodecError:
            return False
        return True

    def passed(self, samples: _Samples, bitrate_bps: int) -> tuple[Wave, int]:
        """The samples coded and decoded, and the decoder's rate.

        Raises:
            CodecUnavailableError: this FFmpeg lacks the coder.
        """
        if not self.available():
            raise CodecUnavailableError(
                f"The installed audio libraries have no {self.encoder}.",
                "",
                "Simulate without codecs, or install PyAV from its wheel.",
            )
        frames = list(self._decoded(self._packets(samples, bitrate_bps)))
        pieces = [frame.to_ndarray().reshape(-1) for frame in frames]
        decoded: npt.NDArray[Any] = np.concatenate(pieces)
        if decoded.dtype == np.int16:
            decoded = decoded.astype(np.float32) / np.float32(_INT16)
        return decoded, int(frames[0].sample_rate)

    def _packets(self, samples: _Samples, bitrate_bps: int) -> Iterator[Any]:
        encoder = AudioCodecContext.create(self.encoder, "w")
        assert isinstance(encoder, AudioCodecContext)
        encoder.sample_rate, encoder.layout = self.rate_hz, "mono"
        encoder.format, encoder.bit_rate = self.sample_format, bitrate_bps
        encoder.options = dict(self.options)
        encoder.open()
        size = encoder.frame_size
        # Two frames more, so that the delay pushes nothing out at the end.
        padded = np.pad(samples, (0, -len(samples) % size + 2 * size))
        for at in range(0, len(padded), size):
            frame = av.AudioFrame.from_ndarray(
                padded[None, at : at + size], format=self.sample_format, layout="mono"
            )
            frame.sample_rate, frame.pts = self.rate_hz, at
            yield from encoder.encode(frame)
        yield from encoder.encode(None)

    def _decoded(self, packets: Iterator[Any]) -> Iterator[av.AudioFrame]:
        decoder = AudioCodecContext.create(self.decoder, "r")
        assert isinstance(decoder, AudioCodecContext)
        decoder.sample_rate, decoder.layout = self.rate_hz, "mono"
        for packet in packets:
            yield from decoder.decode(packet)
        yield from decoder.decode(None)


CODERS: dict[str, SndfileCoder | FfmpegCoder] = {
    "mu-law": SndfileCoder("ULAW"),
    "a-law": SndfileCoder("ALAW"),
    "gsm": SndfileCoder("GSM610"),
    "amr": FfmpegCoder("libopencore_amrnb", "amrnb", "s16", rate_hz=8_000, delay=40),
    "opus": FfmpegCoder(
        encoder="libopus",
        decoder="libopus",
        sample_format="s16",
        options=(("application", "voip"), ("compression_level", "0")),
        delay=104,
    ),
    "mp3": FfmpegCoder("libmp3lame", "mp3", "s16p", (("compression_level", "7"),)),
}


@cache
def available() -> frozenset[str]:
    """Names of the coders that work on this machine."""
    return frozenset(name for name, coder in CODERS.items() if coder.available())


def passed(wave: Wave, coder: str, bitrate_bps: int) -> Wave:
    """A wave in [-1, 1] coded and decoded: as long, not late, what is above the coder's band gone.

    Raises:
        KeyError: no such coder.
        CodecUnavailableError: this machine's libraries lack it.
    """
    kind = CODERS[coder]
    low = soxr.resample(wave, SAMPLE_RATE, kind.rate_hz)
    samples = np.rint(np.clip(low, -1.0, 1.0) * _INT16).astype(np.int16)
    decoded, rate_hz = kind.passed(samples, bitrate_bps)
    back = soxr.resample(decoded[kind.delay * rate_hz // kind.rate_hz :], rate_hz, SAMPLE_RATE)
    heard: Wave = np.pad(back[: len(wave)], (0, max(0, len(wave) - len(back))))
    return heard
