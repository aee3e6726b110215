import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.simulate.hostile import waves
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.speed import change_speed


def tone(hz: float, seconds: float = 3.0) -> Wave:
    at_s = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.5 * np.sin(2.0 * np.pi * hz * at_s)).astype(np.float32)


@pytest.mark.parametrize("factor", [0.75, 0.9, 1.2, 1.5])
@pytest.mark.parametrize("hz", [90.0, 220.0, 1_000.0])
def test_a_tone_keeps_its_pitch_and_level(hz: float, factor: float) -> None:
    heard = change_speed(tone(hz), factor)
    assert len(heard) == round(3 * SAMPLE_RATE / factor)
    power = np.abs(np.fft.rfft(heard * np.hanning(len(heard)), 8 * SAMPLE_RATE)) ** 2
    heard_hz = float(np.argmax(power)) / 8.0
    assert heard_hz == pytest.approx(hz, rel=0.005)
    near = slice(round(8 * (hz - 10)), round(8 * (hz + 10)))
    assert power[near].sum() > 0.99 * power.sum()
    middle = heard[2_000:-2_000].reshape(-1)[: len(heard) // 1_000 * 1_000 - 4_000]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2.0), rel=0.03)


@pytest.mark.parametrize("factor", [0.75, 1.5])
def test_what_happens_when_is_scaled(factor: float) -> None:
    wave = np.zeros(3 * SAMPLE_RATE, np.float32)
    for start_s in (0.5, 1.5, 2.5):
        at = round(start_s * SAMPLE_RATE)
        wave[at : at + 1_600] = tone(300.0, 0.1)
    loud = np.flatnonzero(np.abs(change_speed(wave, factor)) > 0.1)
    starts = loud[np.diff(loud, prepend=-SAMPLE_RATE) > 1_000]
    assert starts / SAMPLE_RATE * factor == pytest.approx([0.5, 1.5, 2.5], abs=0.03)


def test_the_same_speed_is_the_same_wave() -> None:
    assert np.array_equal(change_speed(tone(440.0), 1.0), tone(440.0))


@pytest.mark.parametrize("factor", [0.0, 0.74, 1.51, float("nan")])
def test_speeds_out_of_range_are_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        change_speed(tone(440.0), factor)


@settings(max_examples=30, deadline=None)
@given(wave=waves(), factor=st.floats(0.75, 1.5))
def test_any_wave(wave: Wave, factor: float) -> None:
    heard = change_speed(wave, factor)
    assert heard.shape == (round(len(wave) / factor),)
    assert heard.dtype == np.float32
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= np.abs(wave).max() * 1.0001
    assert np.array_equal(heard, change_speed(wave, factor))
