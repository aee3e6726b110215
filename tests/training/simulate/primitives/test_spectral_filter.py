import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.simulate.hostile import assert_sound, waves
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.primitives.spectral_filter import SpectralFilter


def gain_db(effect: SpectralFilter, *frequencies_hz: float) -> list[float]:
    """What an impulse becomes, frequency by frequency."""
    impulse = np.zeros(SAMPLE_RATE, np.float32)
    impulse[SAMPLE_RATE // 2] = 0.1
    spectrum = np.abs(np.fft.rfft(effect.apply(impulse, None).wave)) / 0.1
    return [float(20.0 * np.log10(spectrum[round(hz)])) for hz in frequencies_hz]


@pytest.mark.parametrize("order", [1, 2, 4, 8])
@pytest.mark.parametrize("high_hz", [1_000, 2_000, 3_400])
def test_the_upper_limit(high_hz: int, order: int) -> None:
    below, at, one, two = gain_db(
        SpectralFilter(high_hz=high_hz, order=order), 50, high_hz, 2 * high_hz, 2.2 * high_hz
    )
    assert below == pytest.approx(0.0, abs=0.2)
    assert at == pytest.approx(-3.01, abs=0.2)
    exact = -10.0 * np.log10(1.0 + 2.0 ** (2 * order))
    assert one == pytest.approx(exact, abs=1.0)
    # Well above the limit the slope is 6.02 dB an octave for each order.
    if order > 1:
        assert (one - two) / np.log2(1.1) == pytest.approx(6.02 * order, rel=0.15)


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("low_hz", [150, 300, 500])
def test_the_lower_limit(low_hz: int, order: int) -> None:
    above, at, below = gain_db(
        SpectralFilter(low_hz=low_hz, order=order), 4_000, low_hz, low_hz / 2
    )
    assert above == pytest.approx(0.0, abs=0.2)
    assert at == pytest.approx(-3.01, abs=0.5)
    assert below == pytest.approx(-10.0 * np.log10(1.0 + 2.0 ** (2 * order)), abs=2.0)


def test_peaks_have_their_height_and_width() -> None:
    at, edge, away = gain_db(
        SpectralFilter(peaks=((1_000.0, 12.0, 1.0),)), 1_000, 1_000 * 2**0.5, 3_000
    )
    assert at == pytest.approx(12.0, abs=0.2)
    assert edge == pytest.approx(6.0, abs=0.2)
    assert away == pytest.approx(0.0, abs=0.3)


def test_nothing_is_late() -> None:
    impulse = np.zeros(SAMPLE_RATE, np.float32)
    impulse[1_234] = 1.0
    effect = SpectralFilter(300.0, 3_400.0, 4, ((1_500.0, 10.0, 0.5),))
    heard = effect.apply(impulse, None).wave
    assert int(np.argmax(heard)) == 1_234
    assert heard[1_134:1_234] == pytest.approx(heard[1_235:1_335][::-1], abs=1e-5)


def test_an_offset_of_the_input_is_never_raised() -> None:
    wave = np.full(SAMPLE_RATE, 0.2, np.float32)
    plain = SpectralFilter(high_hz=2_000.0, peaks=((100.0, 12.0, 0.5),)).apply(wave, None).wave
    assert plain[2_000:-2_000] == pytest.approx(0.2, abs=0.002)
    assert np.abs(SpectralFilter(low_hz=200.0).apply(wave, None).wave[2_000:-2_000]).max() < 0.002


@pytest.mark.parametrize(
    "impossible",
    [
        {"low_hz": -1.0},
        {"order": 0},
        {"low_hz": 500.0, "high_hz": 500.0},
        {"peaks": ((0.0, 3.0, 1.0),)},
        {"peaks": ((500.0, 3.0, 0.0),)},
    ],
)
def test_what_no_filter_is_gets_refused(impossible: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"filter|between|peak"):
        SpectralFilter(**impossible)


@settings(max_examples=25, deadline=None)
@given(wave=waves(), severity=st.floats(0.0, 1.0), number=st.integers(0, 99))
def test_any_wave(wave: Wave, severity: float, number: int) -> None:
    effect = SpectralFilter.draw(severity, np.random.default_rng(number), None)
    applied = effect.apply(wave, None)
    assert_sound(effect, wave, applied)
    assert np.array_equal(applied.wave, effect.apply(wave, None).wave)
