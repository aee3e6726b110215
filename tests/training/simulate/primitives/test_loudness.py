import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.simulate.hostile import assert_sound, waves
from tests.training.simulate.speech import spoken
from training.simulate.effect import Wave
from training.simulate.level import loudness_lufs
from training.simulate.materials import FileMaterials
from training.simulate.primitives.loudness import Loudness


@pytest.mark.parametrize("target_lufs", [-20.0, -35.5, -60.0])
def test_the_loudness_is_reached(materials: FileMaterials, target_lufs: float) -> None:
    speech = spoken(3.0)
    applied = Loudness(target_lufs).apply(speech, materials)
    assert loudness_lufs(applied.wave) == pytest.approx(target_lufs, abs=0.01)
    gain = 10 ** (applied.measured["gain_db"] / 20)
    np.testing.assert_allclose(applied.wave, speech * gain, rtol=1e-5)


def test_full_scale_ends_the_rise(materials: FileMaterials) -> None:
    applied = Loudness(0.0).apply(spoken(3.0), materials)
    assert np.abs(applied.wave).max() == 1.0
    assert applied.measured["gain_db"] == pytest.approx(6.02, abs=0.01)


@settings(max_examples=25, deadline=None)
@given(wave=waves(), severity=st.floats(0, 1), seed=st.integers(0, 99))
def test_any_wave(materials: FileMaterials, wave: Wave, severity: float, seed: int) -> None:
    effect = Loudness.draw(severity, np.random.default_rng(seed), materials)
    assert -55.0 <= effect.target_lufs <= -24.0
    assert_sound(effect, wave, effect.apply(wave, materials))
