import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.simulate.hostile import assert_sound, waves
from tests.training.simulate.speech import spoken
from tests.training.simulate.test_rooms import measured_rt60_s
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.level import active_power, decibels
from training.simulate.materials import FileMaterials
from training.simulate.primitives.reverberation import Reverberation


def impulse() -> Wave:
    wave = np.zeros(2 * SAMPLE_RATE, np.float32)
    wave[0] = 0.1
    return wave


def test_the_decay_of_what_is_heard(materials: FileMaterials) -> None:
    for room in materials.rooms:
        effect = Reverberation.in_room(room)
        heard = effect.apply(impulse(), materials).wave
        assert np.argmax(np.abs(heard) > 1e-4) == 0
        assert measured_rt60_s(heard) == pytest.approx(effect.rt60_s, rel=0.1), room


@pytest.mark.parametrize("wanted_db", [10.0, 0.0, -9.0])
def test_the_direct_to_reverberant_ratio(materials: FileMaterials, wanted_db: float) -> None:
    effect = Reverberation.in_room(materials.rooms[20], wanted_db)
    energy = effect.apply(impulse(), materials).wave.astype(np.float64) ** 2
    measured_db = 10 * np.log10(energy[:40].sum() / energy[40:].sum())
    assert measured_db == pytest.approx(wanted_db, abs=0.1)


def test_the_speech_level_is_kept_and_nothing_is_late(materials: FileMaterials) -> None:
    speech = 0.2 * spoken(3.0)
    for room in (materials.rooms[5], materials.rooms[30], materials.rooms[-1]):
        heard = Reverberation.in_room(room, 0.0).apply(speech, materials).wave
        level_db = decibels(active_power(heard))
        assert level_db == pytest.approx(decibels(active_power(speech)), abs=0.05)
        lags = np.correlate(heard[8_000:24_000], speech[7_900:24_100], "valid")
        assert abs(np.argmax(lags) - 100) < 40


def test_harder_rooms_are_longer_further_and_less_direct(materials: FileMaterials) -> None:
    def mean(severity: float) -> np.ndarray:
        drawn = [
            Reverberation.draw(severity, np.random.default_rng(n), materials) for n in range(50)
        ]
        return np.mean([(one.rt60_s, one.distance_m, -one.drr_db) for one in drawn], axis=0)

    easy, middle, hard = (mean(severity) for severity in (0.0, 0.5, 1.0))
    assert (easy < middle).all()
    assert (middle < hard).all()


def test_silence_stays_silent(materials: FileMaterials) -> None:
    silence = np.zeros(1_600, np.float32)
    heard = Reverberation.in_room(materials.rooms[0]).apply(silence, materials).wave
    assert not heard.any()


@settings(max_examples=25, deadline=None)
@given(wave=waves(), severity=st.floats(0, 1), seed=st.integers(0, 99))
def test_any_wave(materials: FileMaterials, wave: Wave, severity: float, seed: int) -> None:
    effect = Reverberation.draw(severity, np.random.default_rng(seed), materials)
    before = wave.copy()
    applied = effect.apply(wave, materials)
    assert_sound(effect, wave, applied)
    assert np.array_equal(wave, before)
    assert abs(float(applied.wave.mean())) <= 1.5 * abs(float(wave.mean())) + 0.02
