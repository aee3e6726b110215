"""Noise, far field, obstructed and echo: what severity means for each."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.training.simulate.speech import spoken
from training.simulate.condition import Condition, Place
from training.simulate.conditions import CONDITIONS
from training.simulate.conditions.echo import ECHO
from training.simulate.conditions.far_field import FAR_FIELD
from training.simulate.conditions.noise import NOISE
from training.simulate.conditions.obstructed import OBSTRUCTED
from training.simulate.effect import SAMPLE_RATE, Effect, Wave, from_json, to_json
from training.simulate.materials import FileMaterials
from training.simulate.primitives import EFFECTS
from training.simulate.rooms import RoomBank

LEVELS = np.linspace(0.0, 1.0, 6)
ACOUSTIC = (FAR_FIELD, OBSTRUCTED, ECHO, NOISE)


def drawn(condition: Condition, severity: float, materials: FileMaterials, clips: int = 60):
    return [condition.draw(severity, np.random.default_rng(n), materials) for n in range(clips)]


def heard(chain: tuple[Effect, ...], wave: Wave, materials: FileMaterials) -> Wave:
    for effect in chain:
        wave = effect.apply(wave, materials).wave
    return wave


def test_they_come_in_the_order_of_the_path() -> None:
    places = [condition.place for condition in CONDITIONS.values()]
    assert places == sorted(places)
    assert len(CONDITIONS) == 7


@pytest.mark.parametrize(
    ("condition", "names", "place"),
    [
        (FAR_FIELD, ("far_field", "far_field"), Place.ROOM),
        (OBSTRUCTED, ("obstructed", "barrier"), Place.ROOM),
        (ECHO, ("echo", "strong_echo"), Place.ROOM),
        (NOISE, ("noise", "noise"), Place.BACKGROUND),
    ],
)
def test_names_places_and_the_way_through_json(
    condition: Condition, names: tuple[str, str], place: Place, materials: FileMaterials
) -> None:
    assert (condition.name, condition.reference_name) == names
    assert condition.place is place
    for severity in (0.0, 0.5, 1.0):
        chains = drawn(condition, severity, materials, 20)
        for chain in chains:
            assert tuple(from_json(to_json(effect), EFFECTS) for effect in chain) == chain
        assert chains == drawn(condition, severity, materials, 20)


@pytest.mark.parametrize("condition", ACOUSTIC, ids=lambda condition: condition.name)
def test_less_of_the_speech_is_left_where_it_is_harder(
    condition: Condition, materials: FileMaterials
) -> None:
    """How well the result follows the clean clip, frame by frame and band by band."""
    speech = 0.2 * spoken(3.0)

    def bands(wave: Wave) -> np.ndarray:
        frames = wave[: len(wave) // 400 * 400].reshape(-1, 400) * np.hanning(400)
        power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
        summed = power[:, 1:193].reshape(len(frames), 24, 8).sum(axis=2)
        return np.log10(summed / summed.max() + 1e-6)

    def likeness(severity: float) -> float:
        clean = bands(speech).ravel()
        chains = drawn(condition, severity, materials, 24)
        results = [bands(heard(chain, speech, materials)).ravel() for chain in chains]
        return float(np.mean([np.corrcoef(clean, result)[0, 1] for result in results]))

    values = [likeness(severity) for severity in LEVELS]
    assert all(later < earlier for earlier, later in pairwise(values)), values


def test_behind_a_door_high_frequencies_are_lost(materials: FileMaterials) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE).astype(np.float32)
    for chain in drawn(OBSTRUCTED, 1.0, materials, 5):
        assert not materials.rooms[chain[0].room].direct
        power = np.abs(np.fft.rfft(heard(chain, noise, materials))) ** 2
        low, high = power[200:800].mean(), power[2 * 4_000 :].mean()
        assert 10 * np.log10(low / high) > 25


def test_the_far_are_quiet(materials: FileMaterials) -> None:
    quiet = [np.mean([c[-1].target_lufs for c in drawn(FAR_FIELD, m, materials)]) for m in LEVELS]
    assert all(later < earlier for earlier, later in pairwise(quiet))


def test_own_noises_take_the_place_of_ours(bank: RoomBank, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "mine.wav", rng.uniform(-0.1, 0.1, SAMPLE_RATE), SAMPLE_RATE)
    own = FileMaterials(bank, noise=tmp_path)
    names = {name for (effect,) in drawn(NOISE, 0.5, own) for name in effect.sounds}
    assert names == {"noise:mine.wav"}
