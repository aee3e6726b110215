"""How well a model hears each clip: what is beyond learning is told by its error rate.

The paper drops clips that the base model transcribes with a WER above 70 %, and its curriculum
goes by the same numbers (sections 3 and 4).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import StorageError
from training.score import count_errors
from training.simulate.effect import Wave
from training.simulate.files import replaced
from training.simulate.manifest import SimulatedClip, read_manifest
from training.simulate.outputs import read_audio
from training.simulate.shards import manifest_of

UNLEARNABLE = 0.7

Hear = Callable[[Sequence[Wave]], Sequence[str]]
"""Waves -> what was heard in each. `hearing` makes one of a model."""

_BATCH_S = 600.0
"""Audio that is held at once."""


def hearing(model: str) -> Hear:
    """The base route of a model, by its name or folder.

    Raises:
        ModelError: it can't be used.
    """
    from engine.models import located
    from engine.recognizer import Clip, Recognizer

    recognizer = Recognizer.load(located(model))

    def hear(waves: Sequence[Wave]) -> list[str]:
        clips = [Clip(wave) for wave in waves]
        return [hypothesis.text for hypothesis in recognizer.transcribe(clips)]

    return hear


def measure_shard(folder: Path, shard: int, model: str, hear: Hear) -> None:
    """Writes the error rate of every clip of a finished shard beside its manifest.

    Clips whose words are not known have none. A shard that was measured by this model is left as
    it is.

    Args:
        folder: of the set.
        shard: its number.
        model: name written down.
        hear: see `Hear`.

    Raises:
        AudioError, StorageError: a clip can't be read, or nothing can be written.
    """
    path = _measured(folder, shard)
    if _read(path, model) is not None:
        return
    rates: dict[str, float | None] = {}
    for batch in _batches(read_manifest(manifest_of(folder, shard))):
        heard_in = hear([read_audio(folder, clip.audio) for clip in batch])
        for clip, heard in zip(batch, heard_in, strict=True):
            rates[str(clip.index)] = count_errors(clip.text or "", heard, clip.language).rate
    try:
        with replaced(path) as file:
            file.write(json.dumps({"model": model, "wer": rates}).encode())
    except OSError as error:
        raise StorageError(
            f"{path} can't be written: {error.strerror or error}.", "The clips are kept.", ""
        ) from error


def with_rates(folder: Path, shard: int, model: str | None) -> Iterator[SimulatedClip]:
    """The clips of a finished shard, with their error rates where they were measured."""
    rates = _read(_measured(folder, shard), model) or {} if model else {}
    for clip in read_manifest(manifest_of(folder, shard)):
        if str(clip.index) in rates:
            yield replace(clip, wer=rates[str(clip.index)], wer_model=model)
        else:
            yield clip


def _batches(clips: Iterator[SimulatedClip]) -> Iterator[list[SimulatedClip]]:
    """Clips with known words, as many together as may be held."""
    batch: list[SimulatedClip] = []
    for clip in clips:
        if not clip.text:
            continue
        if batch and sum(one.duration_s for one in (*batch, clip)) > _BATCH_S:
            yield batch
            batch = []
        batch.append(clip)
    if batch:
        yield batch


def _measured(folder: Path, shard: int) -> Path:
    return manifest_of(folder, shard).with_suffix(".wer.json")


def _read(path: Path, model: str | None) -> dict[str, float | None] | None:
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        rates: dict[str, float | None] = row["wer"]
        return rates if row["model"] == model else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
