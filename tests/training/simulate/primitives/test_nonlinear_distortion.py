import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.simulate.hostile import assert_sound, waves
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.primitives.nonlinear_distortion import NonlinearDistortion

HZ = 20  # 800 samples a period


def sine(amplitude: float = 0.5) -> Wave:
    phase = 2.0 * np.pi * HZ * (np.arange(SAMPLE_RATE) + 0.5) / SAMPLE_RATE
    return (amplitude * np.sin(phase)).astype(np.float32)


def harmonic_distortion(wave: Wave) -> float:
    """All harmonics against the fundamental, of one second of `HZ`."""
    lines = np.abs(np.fft.rfft(wave.astype(np.float64)))
    return float(np.sqrt(np.sum(lines[2 * HZ :: HZ] ** 2)) / lines[HZ])


@pytest.mark.parametrize("drive_db", [6.0, 12.0, 20.0, 40.0])
def test_hard_clipping_has_the_harmonics_of_a_clipped_sine(drive_db: float) -> None:
    heard = NonlinearDistortion(drive_db).apply(sine(), None).wave
    # sin cut at sin a: power a + sin(2a)/2 off the top, by Fourier's integrals.
    cut = np.arcsin(10.0 ** (-drive_db / 20.0))
    level = np.sin(cut)
    fundamental = (2.0 * cut + 2.0 * level * np.cos(cut)) / np.pi  # amplitude
    power = (2.0 * cut - np.sin(2.0 * cut)) / (2.0 * np.pi) + level**2 * (1.0 - 2.0 * cut / np.pi)
    expected = np.sqrt(power / (fundamental**2 / 2.0) - 1.0)
    assert harmonic_distortion(heard) == pytest.approx(expected, rel=0.01)


def test_a_gentle_knee_has_the_third_harmonic_of_tanh() -> None:
    # tanh x = x - x**3 / 3 + ...: for amplitude a, the third harmonic is a**2 / 12 of the first.
    heard = NonlinearDistortion(drive_db=-20.0, knee="soft").apply(sine(), None).wave
    assert harmonic_distortion(heard) == pytest.approx(0.1**2 / 12.0, rel=0.05)


def test_a_hard_stage_that_is_not_driven_changes_nothing_audible() -> None:
    wave = sine()
    assert np.abs(NonlinearDistortion().apply(wave, None).wave - wave).max() < 2.0**-16


@pytest.mark.parametrize("knee", ["hard", "soft"])
def test_the_peak_stays_and_the_clipped_share_is_told(knee: str) -> None:
    applied = NonlinearDistortion(drive_db=6.0206, knee=knee).apply(sine(), None)
    assert np.abs(applied.wave).max() == pytest.approx(0.5, rel=1e-3)
    assert applied.measured["clipped_pct"] == pytest.approx(100.0 * 2.0 / 3.0, abs=1.0)


@pytest.mark.parametrize(("bits", "unused_db"), [(8, 0.0), (12, 0.0), (12, 24.0)])
def test_quantising_costs_six_decibels_a_bit(bits: int, unused_db: float) -> None:
    # No period of the wave repeats, so that the error is spread over a whole step.
    wave = (0.9 * np.sin(np.arange(SAMPLE_RATE) * 0.123456)).astype(np.float32)
    heard = NonlinearDistortion(bits=bits, unused_db=unused_db).apply(wave, None).wave
    error = heard.astype(np.float64) - wave
    snr_db = 10.0 * np.log10(np.mean(wave.astype(np.float64) ** 2) / np.mean(error**2))
    assert snr_db == pytest.approx(6.02 * bits + 1.76 - unused_db, abs=0.3)


def test_stuck_bits_read_zero() -> None:
    wave = np.linspace(-1.0, 1.0, 255, dtype=np.float32)
    heard = NonlinearDistortion(bits=8, stuck_bits=3).apply(wave, None).wave
    levels = np.rint(heard * 127.0)
    assert np.abs(heard * 127.0 - levels).max() < 0.01
    assert set(np.abs(levels).astype(int) % 8) == {0}
    assert np.abs(levels).max() == 120


def test_flipped_bits_are_as_many_as_asked_for_and_favour_no_side() -> None:
    wave = 0.25 * np.random.default_rng(1).standard_normal(20 * SAMPLE_RATE).astype(np.float32)
    wave /= np.abs(wave).max()
    clean = NonlinearDistortion(bits=10).apply(wave, None).wave
    heard = NonlinearDistortion(bits=10, flipped_pct=1.0, seed=3).apply(wave, None).wave
    wrong = np.abs(heard - clean) > 0.5 / 511.0
    assert np.mean(wrong) == pytest.approx(0.01, rel=0.05)
    assert abs(np.mean(heard[wrong] - clean[wrong])) < 0.03


def test_lopsided_waves_get_no_offset() -> None:
    wave = np.where(np.arange(SAMPLE_RATE) % 100 < 10, 0.9, -0.1).astype(np.float32)
    heard = NonlinearDistortion(drive_db=30.0).apply(wave, None).wave
    assert abs(heard.mean(dtype=np.float64) - wave.mean(dtype=np.float64)) < 1e-6


@pytest.mark.parametrize(
    "impossible",
    [{"bits": 1}, {"bits": 17}, {"stuck_bits": 15}, {"flipped_pct": 101.0}, {"unused_db": -1.0}],
)
def test_what_no_converter_is_gets_refused(impossible: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"converter|stuck"):
        NonlinearDistortion(**impossible)


@settings(max_examples=25, deadline=None)
@given(wave=waves(), severity=st.floats(0.0, 1.0), number=st.integers(0, 99))
def test_any_wave(wave: Wave, severity: float, number: int) -> None:
    effect = NonlinearDistortion.draw(severity, np.random.default_rng(number), None)
    before = wave.copy()
    applied = effect.apply(wave, None)
    assert_sound(effect, wave, applied)
    assert np.array_equal(applied.wave, effect.apply(wave, None).wave)
    assert np.array_equal(wave, before)
    assert abs(applied.wave.mean() - wave.mean()) < 1e-3
