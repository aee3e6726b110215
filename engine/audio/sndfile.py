"""Decoding by libsndfile: WAV, AIFF, FLAC, Ogg, Opus, MP3 and other plain audio files."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from engine.audio.info import AudioInfo, Samples

_FRAMES_PER_READ = 16_384
_UNKNOWN_FRAMES = 1 << 48
"""libsndfile states absurd lengths where a stream does not say its own."""
_SEEKS_EXACTLY = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "FLAC", "CAF"})


class SndfileSource:
    """One file, read in order; see `engine.audio.info.Source`.

    Iteration ends at the end of the audio, or without a word where libsndfile can't read on:
    `frames_read` against `frames_stated` tells.

    Attributes:
        frames_stated: length in frames as the file states it, or None.
        frames_read: frames yielded so far.

    Raises:
        soundfile.SoundFileError: libsndfile does not know the format.
    """

    def __init__(self, path: Path, from_s: float = 0.0) -> None:
        self._file = soundfile.SoundFile(str(path))
        rate = int(self._file.samplerate)
        frames = int(self._file.frames)
        self.frames_stated = frames if frames < _UNKNOWN_FRAMES else None
        self.frames_read = 0
        self.start_s = 0.0
        self.info = AudioInfo(
            duration_s=None if self.frames_stated is None else frames / rate,
            sample_rate_hz=rate,
            channels=int(self._file.channels),
            container=str(self._file.format).lower(),
            codec=str(self._file.subtype).lower(),
        )
        first = min(int(from_s * rate), frames)
        if first > 0 and self._file.seekable():
            self.start_s = self.seek(first) / rate

    @property
    def seeks_exactly(self) -> bool:
        """Whether samples after `seek` are bit for bit those of a decoding from the start."""
        return self._file.format in _SEEKS_EXACTLY and self._file.seekable()

    def seek(self, frame: int) -> int:
        """Goes on from ``frame``; returns where it stands."""
        return int(self._file.seek(frame))

    def __iter__(self) -> Iterator[tuple[int, Samples]]:
        while True:
            try:
                frames = self._file.read(_FRAMES_PER_READ, dtype="float32", always_2d=True)
            except soundfile.SoundFileError:
                return
            if not len(frames):
                return
            self.frames_read += len(frames)
            yield self.info.sample_rate_hz, mono(frames)

    def close(self) -> None:
        self._file.close()


def mono(frames: Samples) -> Samples:
    """Mean of the channels: [n, channels] to [n]."""
    if frames.shape[1] == 1:
        return frames[:, 0]
    means: Samples = frames.mean(axis=1, dtype=np.float32)
    return means
