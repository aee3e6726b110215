import numpy as np
import pytest

from training.simulate.convolve import convolved


@pytest.mark.parametrize(("samples", "taps"), [(1, 1), (1_600, 1), (1_600, 24_000), (90_000, 700)])
@pytest.mark.parametrize("longer", [0, 60_001])
def test_is_the_convolution(samples: int, taps: int, longer: int) -> None:
    rng = np.random.default_rng(0)
    wave = rng.standard_normal(samples + longer).astype(np.float32)
    response = (rng.standard_normal(taps) / np.sqrt(taps)).astype(np.float32)
    heard = convolved(wave, response)
    assert heard.dtype == np.float32
    assert len(heard) == len(wave)
    size = len(wave) + taps
    exact = np.fft.irfft(np.fft.rfft(wave, size) * np.fft.rfft(response, size), size)[: len(wave)]
    np.testing.assert_allclose(heard, exact, atol=2e-5)
