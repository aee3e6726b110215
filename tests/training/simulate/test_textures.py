import numpy as np
import pytest

from training.simulate import textures
from training.simulate.effect import SAMPLE_RATE, Wave


def band_db(wave: Wave, low_hz: float, high_hz: float) -> float:
    """Density in a band, dB."""
    power = np.abs(np.fft.rfft(wave)) ** 2
    hz = np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE)
    return float(10 * np.log10(power[(hz >= low_hz) & (hz < high_hz)].mean()))


@pytest.mark.parametrize("kind", textures.KINDS)
def test_same_again_level_length_no_offset_no_seam(kind: str) -> None:
    wave = textures.texture(kind, 3)
    assert wave.dtype == np.float32
    assert len(wave) == textures.LENGTH_S * SAMPLE_RATE
    assert np.array_equal(wave, textures.texture(kind, 3))
    assert not np.array_equal(wave, textures.texture(kind, 4))
    assert np.sqrt(np.mean(wave**2)) == pytest.approx(0.1, rel=1e-3)
    assert abs(wave.mean()) < 1e-6
    assert np.abs(wave).max() < 3.0
    steps = np.abs(np.diff(wave))
    assert abs(wave[0] - wave[-1]) <= steps.max()


@pytest.mark.parametrize(("kind", "slope_db"), [("white", 0), ("pink", -3), ("brown", -6)])
def test_the_colours_have_their_slopes(kind: str, slope_db: float) -> None:
    wave = textures.texture(kind, 0)
    fall = band_db(wave, 2_000, 4_000) - band_db(wave, 250, 500)
    assert fall / 3 == pytest.approx(slope_db, abs=0.3)


@pytest.mark.parametrize(("number", "mains_hz"), [(0, 50), (1, 60)])
def test_hum_stands_on_the_mains(number: int, mains_hz: int) -> None:
    wave = textures.texture("hum", number)
    on = [band_db(wave, n * mains_hz - 4, n * mains_hz + 4) for n in (1, 3, 5)]
    off = [band_db(wave, (n + 0.5) * mains_hz - 4, (n + 0.5) * mains_hz + 4) for n in (1, 3, 5)]
    assert min(np.subtract(on, off)) > 10


def test_cars_come_and_go_and_fans_do_not() -> None:
    def swing_db(kind: str) -> float:
        wave = textures.texture(kind, 2)
        levels = 10 * np.log10((wave.reshape(60, -1) ** 2).mean(axis=1))
        return float(np.ptp(levels))

    assert swing_db("street") > 6 > 1 > swing_db("white")


def test_babble_gives_every_talker_the_same_voice() -> None:
    times_s = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    tones = [np.sin(2 * np.pi * hz * times_s).astype(np.float32) for hz in (300, 700, 1_900)]
    wave = textures.babble([tones[0], 0.01 * tones[1], tones[2]])
    assert len(wave) == textures.LENGTH_S * SAMPLE_RATE
    heights = [band_db(wave, hz - 2, hz + 2) for hz in (300, 700, 1_900)]
    assert np.ptp(heights) < 0.1


def test_babble_of_the_silent_is_silent() -> None:
    silent = [np.zeros(1_600, np.float32)] * 3
    assert not textures.babble(silent).any()


def test_no_such_kind() -> None:
    with pytest.raises(KeyError):
        textures.texture("whale", 0)
