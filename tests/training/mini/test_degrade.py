"""Noise at the level asked for, rooms that decay in the time asked for, the same for a seed."""

import random

import pytest
import torch

from training.mini.degrade import COLOURS, Damage, damaged, noise_wave, rms, room

RATE = 16_000


def _tone(seconds: float = 1.0) -> torch.Tensor:
    return 0.05 * torch.sin(2 * torch.pi * 440 * torch.arange(int(seconds * RATE)) / RATE)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("snr_db", [0.0, 10.0])
def test_noise_has_the_asked_level(colour: str, snr_db: float) -> None:
    clean = _tone()
    noisy = damaged(clean, Damage(noise=colour, snr_db=snr_db), _tone, random.Random(1))
    measured_db = 20 * torch.log10(rms(clean) / rms(noisy - clean))
    assert float(measured_db) == pytest.approx(snr_db, abs=0.3)


def test_a_room_rings_as_long_as_asked() -> None:
    click = torch.zeros(RATE)
    click[100] = 1.0
    wet = room(click, t60_s=0.5, distance=1.0, rng=random.Random(1))
    early = wet[1000:3000].square().mean()
    late = wet[1000 + RATE // 4 : 3000 + RATE // 4].square().mean()  # half of T60 later: -30 dB
    assert float(10 * torch.log10(early / late)) == pytest.approx(30.0, abs=1.5)


def test_the_same_seed_does_the_same_damage() -> None:
    damage = Damage(t60_s=0.4, noise="babble", snr_db=5.0)
    first, second = (damaged(_tone(), damage, _tone, random.Random(5)) for _ in range(2))
    assert torch.equal(first, second)


def test_no_damage_changes_nothing() -> None:
    assert torch.equal(damaged(_tone(), Damage(), _tone, random.Random(0)), _tone())


def test_no_speech_is_bounded_and_of_the_asked_length() -> None:
    rng = random.Random(2)
    for _ in range(20):
        wave = noise_wave(4000, rng)
        assert wave.shape == (4000,)
        assert bool(torch.isfinite(wave).all())
        assert float(wave.abs().max()) <= 1.0
