"""Speech detection: our module against the TorchScript it comes from, called window by window."""

import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from engine.samples import SAMPLE_RATE_HZ, Samples
from engine.segments import SpeechDetector
from engine.segments.stretch import WINDOW

LENGTH_S = 60
ROUNDS = 3


def measure() -> list[str]:
    """Lines to print: speeds on one thread, their ratio, and the largest difference."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    samples = (0.1 * rng.standard_normal(LENGTH_S * SAMPLE_RATE_HZ)).astype(np.float32)
    detector, script = SpeechDetector(), _script()

    def ours() -> Samples:
        detector.reset()
        return np.concatenate([detector.push(samples), detector.finish()])

    def theirs() -> Samples:
        script.reset_states()
        padded = torch.from_numpy(np.pad(samples, (0, -len(samples) % WINDOW)))
        with torch.no_grad():
            windows = [script(w[None], SAMPLE_RATE_HZ).item() for w in padded.split(WINDOW)]
        return np.array(windows, np.float32)

    difference = float(np.abs(ours() - theirs()).max())
    ours_s, theirs_s = _median_s(ours), _median_s(theirs)
    return [
        f"detector, 1 thread: {LENGTH_S / ours_s:.0f}x real time",
        f"TorchScript, window by window: {LENGTH_S / theirs_s:.0f}x real time",
        f"ratio: {theirs_s / ours_s:.1f}; largest difference of a probability: {difference:.1e}",
    ]


def _median_s(work: Callable[[], Samples]) -> float:
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def _script() -> torch.jit.ScriptModule:
    spec = importlib.util.find_spec("silero_vad")
    assert spec is not None
    assert spec.origin is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.load(str(Path(spec.origin).parent / "data" / "silero_vad.jit")).eval()
