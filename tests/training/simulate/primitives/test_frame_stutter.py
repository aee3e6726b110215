import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.simulate.hostile import assert_sound, waves
from training.simulate.effect import Wave
from training.simulate.primitives.frame_stutter import FrameStutter

FRAME = 320
FRAMES = 30_000  # ten minutes


def numbered(frames: int = FRAMES) -> Wave:
    """Frames that tell which they are: each holds its own constant."""
    return np.repeat(np.linspace(0.1, 0.9, frames, dtype=np.float32), FRAME)


def bursts(lost: np.ndarray) -> np.ndarray:
    """Lengths of the runs of True."""
    edges = np.flatnonzero(np.diff(lost, prepend=False, append=False))
    return np.diff(edges)[::2]


@pytest.mark.parametrize(("loss_pct", "burst_frames"), [(5.0, 1), (10.0, 3), (30.0, 5), (45.0, 2)])
def test_loss_rate_and_burst_length_are_those_of_the_channel(
    loss_pct: float, burst_frames: int
) -> None:
    effect = FrameStutter(loss_pct, burst_ms=20.0 * burst_frames, seed=11)
    applied = effect.apply(numbered(), None)
    lost = (applied.wave.reshape(FRAMES, FRAME) == 0.0).all(axis=1)
    assert applied.measured["frames"] == FRAMES
    assert applied.measured["lost_frames"] == np.count_nonzero(lost)
    assert applied.measured["bursts"] == len(bursts(lost))
    # Four standard deviations: the states of a two-state chain correlate by 1 - p - r per frame.
    p, r = effect.transitions
    memory = 1.0 - p - r
    rate = loss_pct / 100.0
    deviation = np.sqrt(rate * (1.0 - rate) / FRAMES * (1.0 + memory) / (1.0 - memory))
    assert np.mean(lost) == pytest.approx(rate, abs=4.0 * deviation)
    lengths = bursts(lost)
    spread = np.sqrt(1.0 - r) / r / np.sqrt(len(lengths))
    assert np.mean(lengths) == pytest.approx(burst_frames, abs=4.0 * spread + 1e-9)


def test_the_transitions_have_the_closed_form() -> None:
    p, r = FrameStutter(loss_pct=20.0, burst_ms=100.0, frame_ms=20.0).transitions
    assert r == pytest.approx(1 / 5)
    assert p / (p + r) == pytest.approx(0.2)


def lost_and_heard(heard: str, loss_pct: float = 25.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(which frames are lost, number of each frame, number of the frame heard in its place)."""
    wave = numbered(2_000)
    silent = FrameStutter(loss_pct, 80.0, heard="silence", seed=5).apply(wave, None).wave
    other = FrameStutter(loss_pct, 80.0, heard=heard, seed=5).apply(wave, None).wave
    lost = silent.reshape(-1, FRAME)[:, 0] == 0.0
    values = wave.reshape(-1, FRAME)[:, 0]
    numbers = np.searchsorted(values, other.reshape(-1, FRAME)[:, 0] - 1e-6)
    numbers[other.reshape(-1, FRAME)[:, 0] == 0.0] = -1
    return lost, np.arange(2_000), numbers


def test_a_frozen_line_repeats_the_last_frame_that_arrived() -> None:
    lost, own, heard = lost_and_heard("frozen")
    last = np.maximum.accumulate(np.where(lost, -1, own))
    assert np.array_equal(heard, last)


def test_late_frames_come_after_a_gap_and_the_rest_is_thrown_away() -> None:
    lost, own, heard = lost_and_heard("late")
    assert np.array_equal(heard[~lost], own[~lost])
    edges = np.flatnonzero(np.diff(lost, prepend=False, append=False))
    for start, end in edges.reshape(-1, 2):
        gap = (end - start + 1) // 2
        assert (heard[start : start + gap] == -1).all()
        assert np.array_equal(heard[start + gap : end], own[start : end - gap])


def test_swapped_frames_are_all_there_in_another_order() -> None:
    lost, own, heard = lost_and_heard("swapped")
    assert np.array_equal(np.sort(heard), own)
    assert (heard[lost] != own[lost]).mean() > 0.8  # the middle of an odd stretch stays


def test_jitter_moves_frames_and_loses_none() -> None:
    wave = (np.arange(200 * FRAME) / (200 * FRAME)).astype(np.float32)
    applied = FrameStutter(0.0, jitter_ms=5.0, seed=2).apply(wave, None)
    moved = np.rint((applied.wave - wave) * len(wave)).reshape(200, FRAME)[1:-1]
    assert applied.measured["lost_frames"] == 0
    assert (moved == moved[:, :1]).all()
    assert np.abs(moved).max() <= 80
    assert np.std(moved[:, 0]) == pytest.approx(80 / np.sqrt(3), rel=0.2)


def test_concealment_goes_on_with_the_pitch_and_fades() -> None:
    period = 100
    wave = (0.5 * np.sin(2.0 * np.pi * np.arange(FRAME * 400) / period)).astype(np.float32)
    effect = FrameStutter(20.0, burst_ms=100.0, heard="concealed", seed=3)
    heard = effect.apply(wave, None).wave.reshape(-1, FRAME)
    silent = FrameStutter(20.0, burst_ms=100.0, seed=3).apply(wave, None).wave
    lost = (silent.reshape(-1, FRAME) == 0.0).all(axis=1)
    starts = np.flatnonzero(np.diff(lost.astype(int), prepend=0) == 1)
    for start in starts[starts > 0]:
        true = wave.reshape(-1, FRAME)[start]
        # 10 ms at full level and in phase with what was lost, then quieter.
        assert heard[start, :160] == pytest.approx(true[:160], abs=0.05)
        assert np.abs(heard[start, 240:]).max() < 0.455
        if lost[start : start + 4].all():
            assert np.abs(heard[start + 3]).max() == 0.0


def test_more_loss_than_bursts_can_make_is_refused() -> None:
    with pytest.raises(ValueError, match="bursts"):
        FrameStutter(loss_pct=60.0, burst_ms=20.0, frame_ms=20.0)
    with pytest.raises(ValueError, match="bursts"):
        FrameStutter(loss_pct=5.0, burst_ms=10.0, frame_ms=20.0)
    with pytest.raises(ValueError, match="channel"):
        FrameStutter(loss_pct=100.0)


@settings(max_examples=40, deadline=None)
@given(wave=waves(), severity=st.floats(0.0, 1.0), number=st.integers(0, 999))
def test_any_wave(wave: Wave, severity: float, number: int) -> None:
    effect = FrameStutter.draw(severity, np.random.default_rng(number), None)
    before = wave.copy()
    applied = effect.apply(wave, None)
    assert_sound(effect, wave, applied)
    assert np.array_equal(applied.wave, effect.apply(wave, None).wave)
    assert np.array_equal(wave, before)
    assert np.abs(applied.wave).max() <= np.abs(wave).max()
