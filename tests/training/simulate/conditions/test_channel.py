"""Recording, distortion and dropout: what severity means for each."""

from itertools import pairwise

import numpy as np
import pytest

from training.simulate.condition import Condition, Place
from training.simulate.conditions.distortion import DISTORTION
from training.simulate.conditions.dropout import DROPOUT
from training.simulate.conditions.recording import RECORDING, Recording
from training.simulate.effect import Effect, from_json, to_json
from training.simulate.primitives import EFFECTS
from training.simulate.primitives.codec import LADDER, Codec
from training.simulate.primitives.frame_stutter import FrameStutter
from training.simulate.primitives.nonlinear_distortion import NonlinearDistortion
from training.simulate.primitives.resampling import Resampling
from training.simulate.primitives.spectral_filter import SpectralFilter

LEVELS = np.linspace(0.0, 1.0, 6)


def drawn(condition: Condition, severity: float, clips: int = 200) -> list[tuple[Effect, ...]]:
    return [condition.draw(severity, np.random.default_rng(n), None) for n in range(clips)]


def means(condition: Condition, measure) -> list[float]:
    return [float(np.mean([measure(chain) for chain in drawn(condition, m)])) for m in LEVELS]


def rises(values: list[float]) -> bool:
    return all(a < b for a, b in pairwise(values))


@pytest.mark.parametrize(
    ("condition", "names", "place"),
    [
        (RECORDING, ("recording", "crosstalk"), Place.DEVICE),
        (DISTORTION, ("distortion", "distortion"), Place.ELECTRONICS),
        (DROPOUT, ("dropout", "stutter"), Place.NETWORK),
    ],
)
def test_names_places_and_the_way_through_json(
    condition: Condition, names: tuple[str, str], place: Place
) -> None:
    assert (condition.name, condition.reference_name) == names
    assert condition.place is place
    for severity in (0.0, 0.5, 1.0):
        for chain in drawn(condition, severity, 20):
            assert [from_json(to_json(effect), EFFECTS) for effect in chain] == list(chain)
    again = drawn(condition, 0.5, 20)
    assert again == drawn(condition, 0.5, 20)


def test_a_recording_gets_narrower_rougher_and_its_codec_worse() -> None:
    def part(chain: tuple[Effect, ...], kind: type) -> Effect:
        (found,) = [effect for effect in chain if isinstance(effect, kind)]
        return found

    def step(chain: tuple[Effect, ...]) -> int:
        codec = part(chain, Codec)
        return LADDER.index((codec.coder, codec.bitrate_bps))

    assert rises(means(RECORDING, lambda c: -part(c, SpectralFilter).high_hz))
    assert rises(means(RECORDING, lambda c: part(c, SpectralFilter).low_hz))
    assert rises(means(RECORDING, lambda c: -part(c, Resampling).rate_hz))
    assert rises(means(RECORDING, step))


def test_codecs_come_last_and_can_be_left_out() -> None:
    assert all(isinstance(chain[-1], Codec) for chain in drawn(RECORDING, 0.5, 20))
    plain = drawn(Recording(codecs=False), 0.5, 20)
    assert not any(isinstance(effect, Codec) for chain in plain for effect in chain)
    # The same device either way: a bench with and without codecs compares the same clips.
    assert plain == [chain[:-1] for chain in drawn(RECORDING, 0.5, 20)]


def test_distortion_leaves_ever_less_of_the_wave() -> None:
    rng = np.random.default_rng(4)
    wave = rng.laplace(size=16_000).astype(np.float32)
    wave *= np.float32(0.5 / np.abs(wave).max())

    def lost(chain: tuple[Effect, ...]) -> float:
        """Share of the power that no gain explains."""
        (stage,) = chain
        assert isinstance(stage, NonlinearDistortion)
        heard = stage.apply(wave, None).wave
        return 1.0 - float(np.dot(heard, wave)) ** 2 / float(
            np.dot(heard, heard) * np.dot(wave, wave)
        )

    values = means(DISTORTION, lost)
    assert rises(values)
    assert values[0] < 0.05 < 0.2 < values[-1]


def test_dropout_loses_more_and_longer() -> None:
    def line(chain: tuple[Effect, ...]) -> FrameStutter:
        (stutter,) = chain
        assert isinstance(stutter, FrameStutter)
        return stutter

    assert rises(means(DROPOUT, lambda c: line(c).loss_pct))
    assert rises(means(DROPOUT, lambda c: line(c).burst_ms))
    assert rises(means(DROPOUT, lambda c: line(c).jitter_ms))
    assert len({line(chain).heard for chain in drawn(DROPOUT, 0.5)}) == 5
