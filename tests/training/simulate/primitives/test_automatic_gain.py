import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.simulate.hostile import assert_sound, waves
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.materials import FileMaterials
from training.simulate.primitives.automatic_gain import AutomaticGain


def square(amplitude: float, duration_s: float) -> Wave:
    """Level and amplitude of a square wave are the same."""
    halves = np.arange(round(duration_s * SAMPLE_RATE)) // 16 % 2
    return (amplitude * (1 - 2 * halves)).astype(np.float32)


def test_it_comes_to_the_target_with_its_time_constants(materials: FileMaterials) -> None:
    wave = np.concatenate([square(0.1, 2.0), square(0.4, 1.0), square(0.1, 4.0)])
    effect = AutomaticGain(target_dbfs=-20.0, attack_s=0.05, release_s=0.5, limit_db=30.0)
    heard = 20 * np.log10(np.abs(effect.apply(wave, materials).wave))

    def at(time_s: float) -> float:
        return float(heard[round(time_s * SAMPLE_RATE)])

    assert at(1.9) == pytest.approx(-20.0, abs=0.1)
    # 12 dB too loud, then 1/e of that is left after one time constant.
    assert at(2.05) == pytest.approx(-20.0 + 12.04 / np.e, abs=1.2)
    assert at(2.9) == pytest.approx(-20.0, abs=0.1)
    assert at(3.5) == pytest.approx(-20.0 - 12.04 / np.e, abs=0.5)
    assert at(6.9) == pytest.approx(-20.0, abs=0.1)


def test_the_gain_has_limits(materials: FileMaterials) -> None:
    effect = AutomaticGain(target_dbfs=-20.0, attack_s=0.01, release_s=0.01, limit_db=12.0)
    for amplitude, gain_db in ((0.001, 12.0), (1.0, -12.0)):
        applied = effect.apply(square(amplitude, 1.0), materials)
        assert applied.measured["highest_gain_db"] == pytest.approx(gain_db, abs=0.01)
        assert applied.measured["lowest_gain_db"] == pytest.approx(gain_db, abs=0.01)
        louder = amplitude * 10 ** (gain_db / 20)
        assert abs(applied.wave[8_000]) == pytest.approx(louder, rel=1e-3)


def test_an_attack_that_is_too_slow_does_not_leave_full_scale(materials: FileMaterials) -> None:
    effect = AutomaticGain(target_dbfs=-20.0, attack_s=0.5, release_s=0.01, limit_db=12.0)
    heard = effect.apply(np.concatenate([square(0.001, 1.0), square(1.0, 1.0)]), materials).wave
    assert np.abs(heard).max() == pytest.approx(1.0, abs=1e-6)


def test_the_gain_has_no_steps(materials: FileMaterials) -> None:
    wave = np.concatenate([square(0.02, 0.5), square(0.5, 0.5)])
    effect = AutomaticGain(target_dbfs=-14.0, attack_s=0.005, release_s=0.08, limit_db=36.0)
    heard = effect.apply(wave, materials).wave
    gains = np.abs(heard / wave)
    assert np.abs(np.diff(gains)).max() < 0.1


@settings(max_examples=25, deadline=None)
@given(wave=waves(), severity=st.floats(0, 1), seed=st.integers(0, 99))
def test_any_wave(materials: FileMaterials, wave: Wave, severity: float, seed: int) -> None:
    effect = AutomaticGain.draw(severity, np.random.default_rng(seed), materials)
    assert_sound(effect, wave, effect.apply(wave, materials))
