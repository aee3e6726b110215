import math

import numpy as np
import pytest
from scipy.signal import freqz

from tests.training.simulate.speech import spoken
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.level import (
    active_power,
    decibels,
    loudness_lufs,
    mean_power,
    within_full_scale,
)


def sine(hz: float, amplitude: float, duration_s: float) -> Wave:
    times_s = np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    return (amplitude * np.sin(2 * np.pi * hz * times_s)).astype(np.float32)


def silence(duration_s: float) -> Wave:
    return np.zeros(round(duration_s * SAMPLE_RATE), np.float32)


@pytest.mark.parametrize("samples", [1, 319, 320, 321, 16_001])
def test_mean_power_counts_every_sample_once(samples: int) -> None:
    wave = np.random.default_rng(0).uniform(-1, 1, samples).astype(np.float32)
    assert mean_power(wave) == pytest.approx(float(np.mean(wave.astype(np.float64) ** 2)), rel=1e-5)


def test_pauses_do_not_lower_the_active_level_but_quiet_speech_counts() -> None:
    tone = sine(400, 0.5, 1.0)
    alone = active_power(tone)
    assert alone == pytest.approx(0.125, rel=1e-3)
    assert active_power(np.concatenate([tone, silence(9.0)])) == pytest.approx(alone, rel=1e-3)
    # 43 dB below is a pause, 37 dB below is speech.
    assert active_power(np.concatenate([tone, tone / 141])) == pytest.approx(alone, rel=1e-3)
    assert active_power(np.concatenate([tone, tone / 71])) == pytest.approx(alone / 2, rel=1e-3)


def test_nothing_has_no_level() -> None:
    for wave in (silence(0.0), silence(1.0)):
        assert active_power(wave) == mean_power(wave) == 0.0
    assert decibels(active_power(silence(1.0))) == loudness_lufs(silence(1.0)) == -math.inf


def test_the_calibration_tone_of_bs1770() -> None:
    """997 Hz at full scale in one channel reads -3.01 LUFS; meters may be off by 0.1."""
    assert loudness_lufs(sine(997, 1.0, 5.0)) == pytest.approx(-3.01, abs=0.05)
    assert loudness_lufs(sine(997, 0.1, 5.0)) == pytest.approx(-23.01, abs=0.05)


def test_the_weighting_of_bs1770() -> None:
    """Against the coefficients that the standard tabulates for 48 kHz."""
    tables = (
        (
            [1.53512485958697, -2.69169618940638, 1.19839281085285],
            -1.69065929318241,
            0.73248077421585,
        ),
        ([1.0, -2.0, 1.0], -1.99004745483398, 0.99007225036621),
    )
    for hz in (30, 100, 500, 997, 2_000, 4_000, 6_000):
        expected_db = -0.691 - 10 * math.log10(2)
        for numerator, *denominator in tables:
            _, response = freqz(numerator, [1.0, *denominator], [hz], fs=48_000)
            expected_db += 20 * math.log10(abs(response[0]))
        assert loudness_lufs(sine(hz, 1.0, 5.0)) == pytest.approx(expected_db, abs=0.15), hz


def test_the_gates_leave_pauses_and_the_quiet_out() -> None:
    """As EBU Tech 3341, case 3: -36 LUFS before and after do not lower -23 LUFS."""
    loud, quiet = sine(997, 0.1, 30.0), sine(997, 0.1 * 10 ** (-13 / 20), 5.0)
    assert loudness_lufs(np.concatenate([quiet, loud, quiet])) == pytest.approx(-23.0, abs=0.1)
    assert loudness_lufs(np.concatenate([silence(5.0), loud])) == pytest.approx(-23.0, abs=0.1)


def test_a_tenth_of_a_second_has_a_loudness() -> None:
    assert loudness_lufs(sine(997, 0.1, 0.1)) == pytest.approx(-23.0, abs=0.5)


def test_only_what_leaves_full_scale_is_turned_down() -> None:
    wave = spoken(1.0)
    assert within_full_scale(wave) == (wave, 0.0)
    louder, gain_db = within_full_scale(wave * 8)
    assert np.abs(louder).max() == pytest.approx(1.0)
    assert gain_db == pytest.approx(-20 * math.log10(np.abs(wave).max() * 8))
