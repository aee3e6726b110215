import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.simulate.hostile import assert_sound, waves
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.primitives.resampling import Resampling


def tone(hz: float) -> Wave:
    return (0.5 * np.sin(2.0 * np.pi * hz * np.arange(SAMPLE_RATE) / SAMPLE_RATE)).astype(
        np.float32
    )


def level_db(wave: Wave, hz: int) -> float:
    """Of one frequency, against the tone of 0.5; the ends of the second are left out."""
    window = np.hanning(SAMPLE_RATE)
    wave_at = np.sum(wave * window * np.exp(-2j * np.pi * hz * np.arange(SAMPLE_RATE) / 16_000))
    return float(20.0 * np.log10(np.abs(wave_at) / np.sum(window) / 0.25 + 1e-12))


@pytest.mark.parametrize("rate_hz", [2_500, 5_333, 8_000, 11_025, 15_999])
def test_the_band_ends_at_half_the_rate(rate_hz: int) -> None:
    effect = Resampling(rate_hz)
    inside, outside = round(0.42 * rate_hz), min(round(0.55 * rate_hz), 7_999)
    assert level_db(effect.apply(tone(inside), None).wave, inside) == pytest.approx(0.0, abs=0.5)
    if outside > 0.5 * rate_hz:
        heard = effect.apply(tone(outside), None).wave
        assert level_db(heard, outside) < (-60.0 if outside > 0.54 * rate_hz else 0.0)


def test_a_bad_converter_mirrors_what_is_above() -> None:
    heard = Resampling(8_000, aliasing=True).apply(tone(5_000), None).wave
    assert level_db(heard, 3_000) == pytest.approx(0.0, abs=0.5)
    assert level_db(Resampling(8_000).apply(tone(5_000), None).wave, 3_000) < -60.0


@pytest.mark.parametrize("aliasing", [False, True])
def test_nothing_is_late(aliasing: bool) -> None:
    wave = np.zeros(SAMPLE_RATE, np.float32)
    wave[8_000 - 64 : 8_000 + 65] = 0.5 * np.hanning(129)
    heard = Resampling(6_000, aliasing).apply(wave, None).wave
    assert abs(int(np.argmax(heard)) - 8_000) <= 1
    assert np.abs(heard - wave).max() < 0.03


def test_the_own_rate_changes_nothing() -> None:
    assert np.array_equal(Resampling(SAMPLE_RATE).apply(tone(440.0), None).wave, tone(440.0))


@pytest.mark.parametrize("rate_hz", [0, 999, 16_001])
def test_rates_out_of_range_are_refused(rate_hz: int) -> None:
    with pytest.raises(ValueError, match="Hz is not in"):
        Resampling(rate_hz)


@settings(max_examples=25, deadline=None)
@given(wave=waves(), severity=st.floats(0.0, 1.0), number=st.integers(0, 99))
def test_any_wave(wave: Wave, severity: float, number: int) -> None:
    effect = Resampling.draw(severity, np.random.default_rng(number), None)
    applied = effect.apply(wave, None)
    assert_sound(effect, wave, applied)
    assert np.array_equal(applied.wave, effect.apply(wave, None).wave)
