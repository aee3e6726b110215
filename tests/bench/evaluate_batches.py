"""An evaluation of the 54 scenarios by base and adapter, in mixed batches, against one clip at a
time. Clips are of many lengths, as in life; each is damaged in a scenario of its own.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import torch

from engine.audio import load
from engine.checkpoint import locate
from engine.recognizer import Clip, Recognizer
from engine.samples import SAMPLE_RATE_HZ
from tests.bench.published import SHIPPED
from training.evaluate import EvaluationClip
from training.evaluate.listen import Candidate, Listener
from training.evaluate.store import Store
from training.simulate import SCENARIOS, draw, open_materials, render

SPEECH = Path(__file__).parents[1] / "fixtures" / "mega-asr-layout"


def measure(model: Path = SHIPPED) -> list[str]:
    """Lines to print."""
    with tempfile.TemporaryDirectory() as made:
        return _measured(model, _damaged(Path(made)))


def _damaged(folder: Path) -> list[EvaluationClip]:
    """A clip in each scenario, of 2 to 12 s."""
    spoken = np.concatenate([load(path) for path in sorted(SPEECH.glob("*.wav"))])
    materials = open_materials(folder / "rooms")
    random = np.random.default_rng(3)
    clips = []
    for number, known in enumerate(SCENARIOS):
        wave = np.resize(spoken, int(SAMPLE_RATE_HZ * random.uniform(2.0, 12.0)))
        plan = draw(known, random.random(), number, materials)
        path = folder / f"{number}.flac"
        soundfile.write(path, render(plan, wave, materials).wave, SAMPLE_RATE_HZ)
        length_s = soundfile.info(path).duration
        clips.append(
            EvaluationClip(f"{number:016x}", path, "", conditions=known.parts, duration_s=length_s)
        )
    return clips


def _measured(model: Path, clips: list[EvaluationClip]) -> list[str]:
    folder = locate(model)
    assert folder.adapter is not None
    recognizer = Recognizer.load(folder, "cpu")
    samples = [load(clip.audio) for clip in clips]
    recognizer.transcribe([Clip(samples[0])])  # not to count what happens only once

    start_s = time.perf_counter()
    alone = {
        (clip.id, gate): recognizer.transcribe([Clip(wave, gate=gate)])[0].text
        for clip, wave in zip(clips, samples, strict=True)
        for gate in (0.0, 1.0)
    }
    slow_s = time.perf_counter() - start_s

    listener = Listener(folder, "", load=lambda *_: recognizer)
    with tempfile.TemporaryDirectory() as out:
        start_s = time.perf_counter()
        texts = listener.listen(clips, [Candidate("robust", folder.adapter)], Store(Path(out)))
        fast_s = time.perf_counter() - start_s
    found = {(heard.clip, 0.0): heard.text for heard in texts.base}
    found |= {(heard.clip, 1.0): heard.text for heard in texts.adapted[0]}
    lengths_s = sorted(clip.duration_s for clip in clips)
    same = sum(found[key] == text for key, text in alone.items())
    return [
        f"{len(clips)} clips of {lengths_s[0]:.1f} to {lengths_s[-1]:.1f} s on two routes, "
        f"{torch.get_num_threads()} threads; {same} of {len(alone)} texts equal",
        f"one by one / batched across routes: {slow_s / fast_s:.1f} x the time",
    ]
