"""What the router should say about a clip."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import InvalidAudioError, UsageError
from training.routing import RoutingExample, Target, target
from training.score import ErrorCount

WAVE = np.zeros(1600, np.float32)


def example(
    base: int | None = None, robust: int | None = None, degraded: bool | None = None
) -> RoutingExample:
    counts = [None if n is None else ErrorCount(n, 0, 0, 10) for n in (base, robust)]
    return RoutingExample(WAVE, degraded, *counts)


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        (example(degraded=True), Target(1.0, 1.0)),
        (example(degraded=False), Target(0.0, 1.0)),
        (example(8, 3), Target(1.0, 5.0)),
        (example(3, 8), Target(0.0, 5.0)),
        (example(4, 4), Target(0.5, 0.0)),
        (example(4, 4, True), Target(1.0, 1.0)),
        (example(8, 3, True), Target(1.0, 6.0)),
        (example(8, 3, False), Target(5 / 6, 6.0)),  # clean, but the adapter helps
        (example(3, 4, True), Target(0.5, 2.0)),  # degraded, but the adapter costs an edit
    ],
)
def test_target(clip: RoutingExample, expected: Target) -> None:
    assert target(clip) == expected


def test_the_class_weighs_as_many_edits_as_asked() -> None:
    assert target(example(3, 4, True), prior_edits=3.0) == Target(0.75, 4.0)
    assert target(example(3, 4, True), prior_edits=0.0) == Target(0.0, 1.0)
    assert target(example(degraded=True), prior_edits=0.0).weight == 0.0


def test_the_best_probability_of_like_clips_is_above_half_exactly_where_the_adapter_pays() -> None:
    # Clips that sound alike get one probability; the cross-entropy is least at the weighted mean.
    def ideal(clips: list[RoutingExample]) -> float:
        aims = [target(clip, prior_edits=0.0) for clip in clips]
        return sum(a.probability * a.weight for a in aims) / sum(a.weight for a in aims)

    rarely_but_much = [example(9, 1), example(2, 3), example(2, 3), example(2, 3)]
    often_but_little = [example(3, 2), example(3, 2), example(3, 2), example(1, 9)]
    assert ideal(rarely_but_much) > 0.5
    assert ideal(often_but_little) < 0.5


def test_what_is_known_must_make_sense() -> None:
    with pytest.raises(UsageError, match="neither"):
        RoutingExample(WAVE)
    with pytest.raises(UsageError, match="one route"):
        RoutingExample(WAVE, base=ErrorCount())
    with pytest.raises(UsageError, match="different references"):
        RoutingExample(
            WAVE, base=ErrorCount(reference_length=3), robust=ErrorCount(reference_length=4)
        )


def test_a_clip_is_a_wave_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    soundfile.write(path, np.full(3200, 0.25, np.float32), 16_000)
    assert RoutingExample(path, degraded=True).samples().shape == (3200,)
    with pytest.raises(InvalidAudioError):
        RoutingExample(np.full(10, np.nan, np.float32), degraded=True).samples()
