"""Drawing all parameters of a clip, and applying them."""

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from engine.errors import InvalidAudioError
from tests.training.simulate.speech import spoken
from training.simulate.condition import Place
from training.simulate.conditions import CONDITIONS
from training.simulate.effect import (
    SAMPLE_RATE,
    Applied,
    Effect,
    Materials,
    Wave,
    from_json,
    scaled,
    to_json,
)
from training.simulate.plan import Plan, draw, render
from training.simulate.primitives import EFFECTS
from training.simulate.scenarios import ATOMIC, REFERENCE_NAMES, SCENARIOS, Scenario, scenario


@dataclass(frozen=True, slots=True)
class Gain:
    """Louder, and off centre."""

    factor: float
    offset: float = 0.0
    name: ClassVar[str] = "gain"

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        return Applied(wave * np.float32(self.factor) + np.float32(self.offset), {"length": 1})


@dataclass(frozen=True, slots=True)
class Hiss:
    """A second kind of effect; by name it may repeat."""

    level: float
    name: ClassVar[str] = "additive_noise"

    def apply(self, wave: Wave, materials: Materials) -> Applied:
        return Applied(wave, {})


@dataclass(frozen=True, slots=True)
class Tiny:
    """A condition that takes so many random numbers before it draws its effects."""

    name: str
    takes: int = 0
    twice: bool = False
    reference_name: str = ""
    place: Place = Place.ROOM

    def draw(
        self, severity: float, rng: np.random.Generator, materials: Materials
    ) -> tuple[Effect, ...]:
        rng.random(self.takes)
        effects = (Gain(scaled(severity, 1.0, 2.0, rng)), Hiss(float(rng.random())))
        return (*effects, Gain(3.0)) if self.twice else effects


def test_an_effect_that_is_there_already_is_left_out_but_noise_adds_up(
    materials: Materials,
) -> None:
    tiny = {name: Tiny(name, twice=name == "far_field") for name in ATOMIC}
    plan = draw("far_field+noise+recording+dropout", 0.5, 1, materials, conditions=tiny)
    assert [effect.name for effect in plan.effects] == [
        "gain", "additive_noise", "gain", *["additive_noise"] * 3,
    ]  # fmt: skip


def test_what_one_condition_takes_moves_no_other(materials: Materials) -> None:
    def second(takes: int) -> Effect:
        tiny = {name: Tiny(name, takes=takes if name == "noise" else 0) for name in ATOMIC}
        return draw("noise+dropout", 0.5, (4, 2), materials, conditions=tiny).effects[-1]

    assert second(0) == second(7)


def test_the_offset_of_input_and_effects_is_taken_out_and_peaks_are_turned_down() -> None:
    wave = spoken(1.0) + np.float32(0.2)
    plan = Plan(scenario("distortion"), 0.5, (Gain(4.0, offset=0.3),))
    rendered = render(plan, wave, _Nothing())
    assert abs(float(rendered.wave.mean(dtype=np.float64))) < 1e-6
    assert float(np.abs(rendered.wave).max()) <= 1.0
    assert rendered.gain_db < 0.0
    shape = (wave - wave.mean()) / np.abs(wave - wave.mean()).max()
    assert np.allclose(rendered.wave / np.abs(rendered.wave).max(), shape, atol=1e-4)
    assert rendered.measured == ({"length": 1},)


def test_a_clean_clip_stays_as_it_is() -> None:
    wave = spoken(0.5)
    rendered = render(draw("clean", 0.0, 1, _Nothing()), wave, _Nothing())
    assert np.array_equal(rendered.wave, wave)
    assert rendered.gain_db == 0.0


def test_the_conditions_are_the_seven_by_both_names() -> None:
    assert set(CONDITIONS) == set(ATOMIC)
    for name, condition in CONDITIONS.items():
        assert (condition.name, condition.reference_name) == (name, REFERENCE_NAMES[name])
    places = [CONDITIONS[name].place for name in ATOMIC]
    assert places == sorted(places)


@pytest.mark.parametrize("of", SCENARIOS, ids=lambda one: one.name)
def test_every_scenario_is_sound_and_remade_from_json(of: Scenario, materials: Materials) -> None:
    wave = spoken(0.8)
    for severity in (0.0, 1.0):
        plan = draw(of, severity, (3, 1), materials)
        assert plan.effects
        assert plan == draw(of.name, severity, (3, 1), materials)
        rendered = render(plan, wave, materials)
        assert rendered.wave.shape == wave.shape
        assert rendered.wave.dtype == np.float32
        assert np.abs(rendered.wave).max() <= 1.0
        rows = json.loads(json.dumps([to_json(effect) for effect in plan.effects]))
        again = Plan(of, severity, tuple(from_json(row, EFFECTS) for row in rows))
        assert np.array_equal(render(again, wave, materials).wave, rendered.wave)
        json.dumps(rendered.measured, allow_nan=False)


@pytest.mark.parametrize("name", ATOMIC)
@pytest.mark.parametrize(
    "wave",
    [
        np.zeros(SAMPLE_RATE, np.float32),
        np.zeros(1, np.float32),
        np.full(SAMPLE_RATE // 10, 0.7, np.float32),
        np.sign(spoken(0.3)).astype(np.float32),
        spoken(0.3) * np.float32(40.0),
        spoken(0.3) * np.float32(1e-6),
    ],
    ids=["silence", "one sample", "constant", "square", "far too loud", "far too quiet"],
)
def test_odd_input_gives_sound_output(name: str, wave: Wave, materials: Materials) -> None:
    for severity in (0.0, 1.0):
        out = render(draw(name, severity, 9, materials), wave, materials).wave
        assert out.shape == wave.shape
        assert np.isfinite(out).all()
        assert np.abs(out).max() <= 1.0
        assert abs(float(out.mean(dtype=np.float64))) < 1e-4


@pytest.mark.parametrize(
    "wave",
    [
        np.full(100, np.nan, np.float32),
        np.zeros(0, np.float32),
        np.zeros((2, 100), np.float32),
        np.zeros(100, np.float64),
    ],
    ids=["nan", "empty", "stereo", "double"],
)
def test_what_is_no_sound_is_refused(wave: Wave) -> None:
    with pytest.raises(InvalidAudioError):
        render(Plan(scenario("clean"), 0.0, ()), wave, _Nothing())


def test_speed_changes_the_length(materials: Materials) -> None:
    wave = spoken(1.0)
    plan = draw("noise", 0.3, 1, materials, speed=1.25)
    assert len(render(plan, wave, materials).wave) == round(len(wave) / 1.25)


@pytest.mark.parametrize("severity", [-0.1, 1.1, float("nan")])
def test_a_severity_out_of_range_is_refused(severity: float) -> None:
    with pytest.raises(ValueError, match="severity"):
        draw("noise", severity, 1, _Nothing())


class _Nothing:
    """No materials at all."""

    rooms = ()

    def response(self, room: int) -> Wave:
        raise IndexError(room)

    def sounds(self, kind: str) -> tuple[str, ...]:
        return ()

    def sound(self, name: str, start_s: float, samples: int) -> Wave:
        raise KeyError(name)
