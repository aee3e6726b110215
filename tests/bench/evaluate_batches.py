"""An evaluation of 54 clips by base and adapter, in mixed batches, against one clip at a time."""

import tempfile
import time
from pathlib import Path

import soundfile
import torch

from engine.checkpoint import locate
from engine.recognizer import Clip, Recognizer
from tests.bench.published import SHIPPED
from training.evaluate import EvaluationClip
from training.evaluate.listen import Candidate, Listener
from training.evaluate.store import Store
from training.simulate.scenarios import SCENARIOS

SPEECH = Path(__file__).parents[1] / "fixtures" / "mega-asr-layout"


def measure(model: Path = SHIPPED) -> list[str]:
    """Lines to print. Sounds are the same three: what is measured is hearing, not simulating."""
    folder = locate(model)
    assert folder.adapter is not None
    sounds = sorted(SPEECH.glob("*.wav"))
    clips = [
        EvaluationClip(f"{i:016x}", sounds[i % 3], "", conditions=known.parts, duration_s=4.0)
        for i, known in enumerate(SCENARIOS)
    ]
    recognizer = Recognizer.load(folder, "cpu")
    samples = [soundfile.read(clip.audio, dtype="float32")[0] for clip in clips]

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
    same = sum(found[key] == text for key, text in alone.items())
    return [
        f"{len(clips)} clips on two routes, {torch.get_num_threads()} threads; "
        f"{same} of {len(alone)} texts equal",
        f"one by one / batched across routes: {slow_s / fast_s:.1f} x the time",
    ]
