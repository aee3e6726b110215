"""Decoding by FFmpeg's libraries (PyAV): AAC, WMA, AMR, and the sound of every video file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from engine.audio.info import AudioInfo, Samples

# Only these demuxers: others take text for subtitles or pictures for video, and playlists
# (HLS, concat) would make a "recording" open other files and addresses.
_DEMUXERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,loas,matroska,mov,"
    "mp3,mpc,mpc8,mpeg,mpegts,mxf,ogg,rm,tak,tta,voc,w64,wav,wv"
)
# Bare streams of frames: their duration is a guess from the bit rate, their times are counted.
_GUESS_DURATION = frozenset(
    {"aac", "ac3", "amr", "amrnb", "amrwb", "dts", "eac3", "loas", "mp3", "mpeg", "mpegts"}
)
_GAP_S = 0.1
"""Time stamps jumping ahead by more than this are lost sound; less is rounding and drift."""
_LONGEST_GAP_S = 3_600.0
"""A longer jump is a damaged time stamp."""
_PREROLL_S = 0.5


class ContainerSource:
    """One file, read packet by packet; see `engine.audio.info.Source`.

    Damaged packets are skipped. Sound that is absent in the middle (damage, or an audio track
    that begins after the picture) becomes silence of the length that the time stamps say, as
    long as they stay inside the stated duration, so that times in the transcript are times in
    the player.

    Attributes:
        read_s: place reached, s.
        lost_s: silence put in for lost sound, s, not counting a late beginning.
        damaged: number of packets that could not be decoded.

    Raises:
        av.error.FFmpegError: FFmpeg can't open the file.
        LookupError: it holds no audio stream.
        NotImplementedError: the encoding of the audio stream is not known.
    """

    def __init__(self, path: Path, from_s: float = 0.0) -> None:
        self._container = av.open(
            str(path.absolute()),
            options={"format_whitelist": _DEMUXERS, "protocol_whitelist": "file"},
            metadata_errors="replace",
        )
        stream = self._container.streams.best("audio")
        if not isinstance(stream, AudioStream):
            self._container.close()
            raise LookupError("no audio stream")
        # Typed as always there, but None where FFmpeg has no decoder for the stream.
        if not stream.codec_context:
            self._container.close()
            raise NotImplementedError("no decoder for the audio stream")
        self._stream = stream
        self._origin_s = (self._container.start_time or 0) / av.time_base
        self.info = AudioInfo(
            duration_s=self._stated_duration_s(),
            sample_rate_hz=int(stream.codec_context.sample_rate or 0),
            channels=int(stream.codec_context.channels or 0),
            container=self._container.format.name,
            codec=stream.codec_context.name,
        )
        self.read_s = self.start_s = 0.0
        self.lost_s = 0.0
        self.damaged = 0
        self._sought = from_s > _PREROLL_S
        if self._sought:
            target_s = from_s - _PREROLL_S + self._origin_s
            self._container.seek(int(target_s * av.time_base), backward=True)

    def __iter__(self) -> Iterator[tuple[int, Samples]]:
        heard = False
        for frame in self._frames():
            rate = int(frame.sample_rate)
            at_s = None if frame.time is None else frame.time - self._origin_s
            if self._sought and not heard:
                self.read_s = self.start_s = max(0.0, at_s or 0.0)
            elif (gap_s := self._gap_s(at_s)) > _GAP_S:
                self.lost_s += gap_s if heard else 0.0
                yield from self._silence(round(gap_s * rate), rate)
            heard = True
            self.read_s += frame.samples / rate
            yield rate, mono(frame)

    def close(self) -> None:
        self._container.close()

    def _frames(self) -> Iterator[av.AudioFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, OSError):
                self.damaged += 1
                return
            if packet is None:
                return
            try:
                for frame in packet.decode():
                    if isinstance(frame, av.AudioFrame) and frame.sample_rate > 0:
                        yield frame
            except av.error.FFmpegError:
                self.damaged += 1

    def _gap_s(self, at_s: float | None) -> float:
        """How far a frame at ``at_s`` lies ahead of what was read; 0.0 where not believable."""
        duration_s = self.info.duration_s
        if at_s is None or duration_s is None or at_s > duration_s:
            return 0.0
        gap_s = at_s - self.read_s
        return gap_s if gap_s <= _LONGEST_GAP_S else 0.0

    def _silence(self, count: int, rate: int) -> Iterator[tuple[int, Samples]]:
        self.read_s += count / rate
        for start in range(0, count, rate):
            yield rate, np.zeros(min(rate, count - start), np.float32)

    def _stated_duration_s(self) -> float | None:
        """End of the audio by the file's own word, s from its beginning; None if a guess."""
        stream = self._stream
        if self._container.format.name in _GUESS_DURATION:
            return None
        if stream.duration and stream.time_base:
            late_s = float((stream.start_time or 0) * stream.time_base) - self._origin_s
            return max(0.0, late_s) + float(stream.duration * stream.time_base)
        if tag := stream.metadata.get("DURATION"):  # Matroska: "00:01:02.345000000"
            return _clock_s(tag)
        if self._container.duration and not self._container.streams.video:
            return self._container.duration / av.time_base
        return None


def mono(frame: av.AudioFrame) -> Samples:
    """Mean of the channels as float32 [n], full scale 1.0, whatever the sample format."""
    samples: NDArray[Any] = _planes(frame)
    if not frame.format.is_planar:
        samples = samples.reshape(frame.samples, -1).T
    if samples.dtype == np.uint8:
        samples = (samples.astype(np.float32) - 128.0) / 128.0
    elif np.issubdtype(samples.dtype, np.integer):
        samples = samples.astype(np.float32) / -float(np.iinfo(samples.dtype).min)
    means: Samples = samples.mean(axis=0, dtype=np.float32)
    return means


def _planes(frame: av.AudioFrame) -> NDArray[Any]:
    """[planes, values] as they are in the file."""
    if frame.format.name.removesuffix("p") != "s64":
        return frame.to_ndarray()
    # PyAV converts every format but this one.
    planes: list[Any] = list(frame.planes)
    count = frame.samples * frame.layout.nb_channels // len(planes)
    return np.stack([np.frombuffer(plane, np.int64, count) for plane in planes])


def _clock_s(text: str) -> float | None:
    try:
        hours, minutes, seconds = text.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None
