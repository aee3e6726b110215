"""One clip's way from mouth to file: drawn as data, then applied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from engine.samples import checked
from training.simulate.condition import Condition
from training.simulate.conditions import CONDITIONS
from training.simulate.effect import Effect, Materials, Parameters, Wave
from training.simulate.level import within_full_scale
from training.simulate.materials import FileMaterials
from training.simulate.primitives.additive_noise import AdditiveNoise
from training.simulate.rooms import RoomBank
from training.simulate.scenarios import ATOMIC, Scenario, scenario
from training.simulate.speed import change_speed

Seed = int | tuple[int, ...]
"""Not negative."""

MAY_REPEAT = frozenset({AdditiveNoise.name})


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done to a clip, to the last parameter.

    Attributes:
        scenario: what it is.
        severity: in [0, 1]; every parameter was drawn near it.
        effects: in the order in which they are applied.
        speed: how many times faster the speech becomes, before everything else; pitch stays.
    """

    scenario: Scenario
    severity: float
    effects: tuple[Effect, ...]
    speed: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """A clip as it came out.

    Attributes:
        wave: (samples,) float32 in [-1, 1] at 16 kHz.
        measured: for each effect, what could only be known once it was applied.
        gain_db: how far the whole was turned down so that nothing clips; 0 or less.
    """

    wave: Wave
    measured: tuple[Parameters, ...]
    gain_db: float


def open_materials(
    rooms: Path,
    *,
    noise: Path | None = None,
    speech_root: Path | None = None,
    speech: Sequence[str] | None = None,
    edition: int = 0,
) -> FileMaterials:
    """Everything that effects take from outside; the rest is as in `FileMaterials`.

    Args:
        rooms: folder where the bank of rooms, textures and babble are kept; they are made there the
            first time (seconds).
        noise: folder of the person's own noises.
        speech_root: folder of other people's speech, for babble; without it there is none.
        speech: names of its files; all of them if None.
        edition: of rooms, textures and babble; no two editions have one in common.

    Raises:
        StorageError: the bank can't be kept.
        MaterialError: a folder is not there, or holds no sound.
    """
    bank = RoomBank.cached(rooms, edition)
    return FileMaterials(
        bank, noise=noise, speech_root=speech_root, speech=speech, cache=rooms, edition=edition
    )


def draw(
    of: Scenario | str,
    severity: float,
    seed: Seed,
    materials: Materials,
    *,
    speed: float = 1.0,
    conditions: Mapping[str, Condition] = MappingProxyType(CONDITIONS),
) -> Plan:
    """Draws all parameters of a clip; the same for the same arguments.

    Each condition has random numbers of its own, so what one of them takes moves no other. An
    effect that an earlier condition brings already is left out; noises add up (paper section 3).

    Args:
        of: a scenario, or its name.
        severity: 0 easy, 1 hard.
        seed: of this clip.
        materials: rooms and sounds to choose from.
        speed: see `Plan`.
        conditions: the seven, by name.

    Raises:
        UnknownScenarioError: no such scenario.
        ValueError: the severity is not in [0, 1].
    """
    chosen = scenario(of) if isinstance(of, str) else of
    if not 0.0 <= severity <= 1.0:
        raise ValueError(f"severity {severity} is not in [0, 1]")
    effects: list[Effect] = []
    for part in chosen.parts:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(ATOMIC.index(part),)))
        present = {effect.name for effect in effects} - MAY_REPEAT
        drawn = conditions[part].draw(severity, rng, materials)
        effects += [effect for effect in drawn if effect.name not in present]
    return Plan(chosen, severity, tuple(effects), speed)


def render(plan: Plan, wave: Wave, materials: Materials) -> Rendered:
    """Applies a plan; the same samples for the same arguments, bit for bit.

    A constant offset of the input is taken out, and none is added. What would clip is turned
    down as a whole. Without effects the wave stays as it is.

    Args:
        plan: from `draw`.
        wave: (samples,) float32 at 16 kHz, clean speech; left as it is.
        materials: those that the plan was drawn from.

    Raises:
        InvalidAudioError: the wave is empty, not mono, not float32, or holds NaN.
        SimulationError: a sound or a codec that the plan names can't be had.
    """
    sound = change_speed(checked(wave), plan.speed)
    if plan.effects:
        sound = _centred(sound)
    measured = []
    for effect in plan.effects:
        applied = effect.apply(sound, materials)
        sound = applied.wave
        measured.append(applied.measured)
    if plan.effects:
        sound = _centred(sound)
    sound, gain_db = within_full_scale(sound)
    return Rendered(sound, tuple(measured), gain_db)


def _centred(wave: Wave) -> Wave:
    mean = np.float32(wave.mean(dtype=np.float64))
    return wave - mean
