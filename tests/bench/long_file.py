"""Memory for transcribing a 3-hour file against a 3-minute one, with the shipped model.

Each length is heard in a child process of its own, which reports its peak.
"""

import itertools
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
import soxr

RATE = 44_100
SHORT_S, LONG_S = 180, 3 * 3_600
LIMIT = 1.3
CLIPS = Path(__file__).parents[1] / "fixtures" / "mega-asr-layout"

_HEAR = """
import sys
from engine import Transcriber
speech = len(Transcriber.open("mini", device="cpu").transcribe(sys.argv[1]).segments)
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(speech, peak * (1 if sys.platform == "darwin" else 1024))
except ImportError:
    import psutil
    print(speech, psutil.Process().memory_info().peak_wset)
"""


def measure() -> list[str]:
    """Lines to print: both peaks in MiB, and their ratio."""
    lines = []
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        for length_s in (SHORT_S, LONG_S):
            path = Path(folder) / "talk.m4a"
            _make(path, length_s)
            peaks[length_s], segments = _hear(path)
            lines.append(
                f"m4a of {length_s / 60:.0f} min, from file to transcript: "
                f"peak {peaks[length_s] / 2**20:.0f} MiB, {segments} segments"
            )
    ratio = peaks[LONG_S] / peaks[SHORT_S]
    return [*lines, f"ratio: {ratio:.2f} ({'within' if ratio <= LIMIT else 'ABOVE'} {LIMIT})"]


def _make(path: Path, length_s: int) -> None:
    """Three synthesised sentences with pauses, encoded once and repeated packet by packet."""
    pause = np.zeros(RATE, np.float32)
    clips = [soundfile.read(clip, dtype="float32") for clip in sorted(CLIPS.glob("*.wav"))]
    voices = [soxr.resample(samples, rate, RATE) for samples, rate in clips]
    talk = np.concatenate([part for voice in voices for part in (voice, pause)])
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(talk[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        packets = [(bytes(p), p.duration) for p in (*stream.encode(frame), *stream.encode())]
        at = 0
        for content, duration in itertools.cycle(packets):
            if at >= length_s * RATE:
                break
            packet = av.Packet(content)
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = at
            packet.duration = duration
            container.mux(packet)
            at += duration


def _hear(path: Path) -> tuple[int, int]:
    """Peak memory of a process that transcribes the file, bytes; number of segments."""
    command = [sys.executable, "-W", "error", "-c", _HEAR, str(path)]
    root = Path(__file__).parents[2]
    output = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    segments, peak = map(int, output.split())
    return peak, segments
