import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.simulate.hostile import assert_sound, waves
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.materials import FileMaterials
from training.simulate.primitives.echo_delay import EchoDelay, repeats


def impulse(samples: int = SAMPLE_RATE) -> Wave:
    wave = np.zeros(samples, np.float32)
    wave[100] = 0.25
    return wave


def test_delays_and_gains_are_exact(materials: FileMaterials) -> None:
    effect = EchoDelay((0.125, 0.5), (-6.0, -20.0))
    applied = effect.apply(impulse(), materials)
    expected = impulse()
    expected[100 + 2_000] = 0.25 * 10 ** (-6 / 20)
    expected[100 + 8_000] = 0.025
    np.testing.assert_allclose(applied.wave, expected, rtol=1e-6)
    assert applied.measured == {"gain_db": 0.0}


def test_echoes_behind_the_end_are_not_heard(materials: FileMaterials) -> None:
    wave = impulse()
    assert np.array_equal(EchoDelay((1.0, 60.0), (0.0, 0.0)).apply(wave, materials).wave, wave)


def test_repeats_are_what_feedback_makes(materials: FileMaterials) -> None:
    delays_s, gains_db = zip(*repeats(0.05, 6.0), strict=True)
    heard = EchoDelay(delays_s, gains_db).apply(impulse(), materials).wave
    recursive = impulse()
    for at in range(800, len(recursive)):
        recursive[at] += recursive[at - 800] * np.float32(10 ** (-6 / 20))
    np.testing.assert_allclose(heard, recursive, atol=0.25 * 10 ** (-36 / 20))
    assert gains_db[-1] == pytest.approx(-36.0)


def test_what_would_leave_full_scale_is_turned_down(materials: FileMaterials) -> None:
    loud = np.ones(SAMPLE_RATE, np.float32)
    applied = EchoDelay((0.1,), (0.0,)).apply(loud, materials)
    assert applied.wave.max() == 1.0
    assert applied.measured["gain_db"] == pytest.approx(-6.02, abs=0.01)


def test_a_gain_for_every_delay() -> None:
    for delays_s, gains_db in (((0.1,), ()), ((-0.1,), (0.0,))):
        with pytest.raises(ValueError, match="one gain per delay"):
            EchoDelay(delays_s, gains_db)


@settings(max_examples=25, deadline=None)
@given(wave=waves(), severity=st.floats(0, 1), seed=st.integers(0, 99))
def test_any_wave(materials: FileMaterials, wave: Wave, severity: float, seed: int) -> None:
    effect = EchoDelay.draw(severity, np.random.default_rng(seed), materials)
    before = wave.copy()
    assert_sound(effect, wave, effect.apply(wave, materials))
    assert np.array_equal(wave, before)
