import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.simulate.hostile import assert_sound, waves
from tests.training.simulate.speech import spoken
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.materials import FileMaterials
from training.simulate.primitives.additive_noise import AdditiveNoise
from training.simulate.textures import KINDS


def snr_db(speech: Wave, noisy: Wave) -> float:
    """By the definition, in plain steps."""
    frames = (speech[: len(speech) // 320 * 320].astype(np.float64) ** 2).reshape(-1, 320)
    powers = frames.mean(axis=1)
    active = powers[powers >= powers.max() * 1e-4].mean()
    return float(10 * np.log10(active / np.mean((noisy - speech.astype(np.float64)) ** 2)))


@pytest.mark.parametrize("wanted_db", [20.0, 3.3, -5.0, -20.0])
@pytest.mark.parametrize("sounds", [("white/0",), ("street/1", "hum/2")])
def test_the_ratio_is_exact(
    materials: FileMaterials, sounds: tuple[str, ...], wanted_db: float
) -> None:
    speech = 0.05 * np.concatenate([spoken(3.0), np.zeros(2 * SAMPLE_RATE, np.float32)])
    applied = AdditiveNoise(sounds, (2.0,) * len(sounds), wanted_db).apply(speech, materials)
    assert applied.measured == {"gain_db": 0.0}
    assert snr_db(speech, applied.wave) == pytest.approx(wanted_db, abs=0.1)


def test_loud_speech_is_turned_down_with_its_noise(materials: FileMaterials) -> None:
    speech = spoken(2.0)
    applied = AdditiveNoise(("white/0",), (0.0,), -10.0).apply(speech, materials)
    assert np.abs(applied.wave).max() == pytest.approx(1.0)
    turned_down = speech * 10 ** (applied.measured["gain_db"] / 20)
    assert snr_db(turned_down, applied.wave) == pytest.approx(-10.0, abs=0.1)


def test_several_sounds_are_equally_loud(materials: FileMaterials) -> None:
    both = AdditiveNoise(("white/0", "pink/0"), (0.0, 0.0), 0.0)
    white, pink = (materials.sound(n, 0.0, 5 * SAMPLE_RATE) for n in both.sounds)
    speech = 0.05 * spoken(5.0)
    noise = both.apply(speech, materials).wave - speech
    assert np.dot(noise, white) == pytest.approx(np.dot(noise, pink), rel=0.02)


def test_the_start_says_where_in_the_sound(materials: FileMaterials) -> None:
    speech = 0.01 * spoken(1.0)
    noise = AdditiveNoise(("street/0",), (7.25,), 0.0).apply(speech, materials).wave - speech
    there = materials.sound("street/0", 7.25, SAMPLE_RATE)
    assert np.corrcoef(noise, there)[0, 1] > 0.999


def test_silence_is_left_alone(materials: FileMaterials) -> None:
    silence = np.zeros(1_600, np.float32)
    applied = AdditiveNoise(("white/0",), (0.0,), 0.0).apply(silence, materials)
    assert np.array_equal(applied.wave, silence)


def test_drawn_from_every_kind_and_hidden_about_as_well(materials: FileMaterials) -> None:
    for severity, low_db, high_db in ((0.0, 15.0, 30.0), (1.0, -15.0, 0.0)):
        drawn = [
            AdditiveNoise.draw(severity, np.random.default_rng(n), materials) for n in range(300)
        ]
        assert {name.partition("/")[0] for one in drawn for name in one.sounds} == set(KINDS)
        assert all(low_db <= one.snr_db <= high_db for one in drawn)
        assert {len(one.sounds) for one in drawn} == ({1, 2} if severity else {1})


def test_it_needs_sounds() -> None:
    for sounds, starts_s in (((), ()), (("white/0",), ())):
        with pytest.raises(ValueError, match="one start for each"):
            AdditiveNoise(sounds, starts_s, 0.0)


@settings(max_examples=25, deadline=None)
@given(wave=waves(), severity=st.floats(0, 1), seed=st.integers(0, 99))
def test_any_wave(materials: FileMaterials, wave: Wave, severity: float, seed: int) -> None:
    effect = AdditiveNoise.draw(severity, np.random.default_rng(seed), materials)
    before = wave.copy()
    applied = effect.apply(wave, materials)
    assert_sound(effect, wave, applied)
    assert np.array_equal(wave, before)
    assert np.array_equal(applied.wave, effect.apply(wave, materials).wave)
