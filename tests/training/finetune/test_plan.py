"""Which clips a step learns from, and in which batches."""

from collections import Counter
from pathlib import Path

import pytest

from engine.errors import UsageError
from training.data import Example
from training.finetune.config import SftConfig
from training.finetune.errors import DataError
from training.finetune.plan import Part, batches, batches_per_step, curriculum, steps

PHASE = SftConfig(encoder_rate=1e-3, wer_limits=(0.3, 0.5, 0.7))


def clips(count: int = 40) -> list[Example]:
    return [
        Example(
            Path(f"{n}.wav"), "words", "English", duration_s=1.0 + n * 7 % 13, wer=n / count,
            sha256=str(n),
        )
        for n in range(count)
    ]  # fmt: skip


def test_the_curriculum_goes_from_what_the_base_hears_to_what_it_does_not() -> None:
    parts = curriculum(PHASE, clips(), 4)
    assert [(p.wer_limit, len(p.clips), p.steps) for p in parts] == [
        (0.3, 12, 3),
        (0.5, 20, 5),
        (0.7, 28, 7),
    ]
    assert all(clip.wer < 0.3 for clip in parts[0].clips)


def test_clips_the_base_cannot_hear_at_all_are_never_learnt_from() -> None:
    learnt = {clip.id for step in steps(curriculum(PHASE, clips(), 4), 4, 0) for clip in step}
    assert learnt == {clip.id for clip in clips() if clip.wer is not None and clip.wer < 0.7}


def test_without_limits_every_clip_is_learnt_from_and_no_wer_is_needed() -> None:
    (part,) = curriculum(SftConfig(encoder_rate=1e-3, wer_limits=()), clips(), 4)
    assert (len(part.clips), part.steps) == (40, 10)


def test_most_steps_are_shared_by_the_parts() -> None:
    phase = SftConfig(encoder_rate=1e-3, wer_limits=(0.3, 0.7), epochs=9.0, most_steps=6)
    assert [part.steps for part in curriculum(phase, clips(), 4)] == [3, 3]


@pytest.mark.parametrize(("most", "each"), [(10, [4, 3, 3]), (2, [1, 1]), (900, [27, 45, 63])])
def test_most_steps_are_never_exceeded(most: int, each: list[int]) -> None:
    phase = SftConfig(encoder_rate=1e-3, wer_limits=(0.3, 0.5, 0.7), epochs=9.0, most_steps=most)
    assert [part.steps for part in curriculum(phase, clips(), 4)] == each


@pytest.mark.parametrize("processes", [3, 5, 6, 7])
def test_no_process_is_left_without_clips(processes: int) -> None:
    with pytest.raises(UsageError, match="some would have nothing to do"):
        batches_per_step(64, 1, processes)


def test_a_phase_without_clips_says_so() -> None:
    with pytest.raises(DataError, match="None of 40"):
        curriculum(
            SftConfig(encoder_rate=1e-3, wer_limits=(0.0001,)), clips()[1:] + clips()[1:2], 4
        )


def test_an_epoch_takes_every_clip_once_and_the_next_in_another_order() -> None:
    pool = tuple(clips(8))
    planned = steps([Part(None, pool, 4)], 4, seed=3)
    epochs = [planned[0] + planned[1], planned[2] + planned[3]]
    assert all(Counter(c.id for c in e) == Counter(c.id for c in pool) for e in epochs)
    assert epochs[0] != epochs[1]
    assert planned == steps([Part(None, pool, 4)], 4, seed=3)
    assert planned != steps([Part(None, pool, 4)], 4, seed=4)


def test_fewer_clips_than_a_step_come_round_again() -> None:
    (step,) = steps([Part(None, tuple(clips(3)), 1)], 8, seed=0)
    assert Counter(Counter(c.id for c in step).values()) == {2: 1, 3: 2}


@pytest.mark.parametrize(("at_once", "processes"), [(64, 1), (8, 1), (3, 2), (1, 4)])
def test_batches_hold_the_steps_clips_and_no_more_than_fit(at_once: int, processes: int) -> None:
    step = tuple(clips(24))
    count = batches_per_step(24, at_once, processes)
    made = batches(step, count)
    assert count % processes == 0
    assert len(made) == count
    assert all(1 <= len(batch) <= at_once for batch in made)
    assert sorted(c.id for batch in made for c in batch) == sorted(c.id for c in step)


def test_a_batch_holds_clips_of_similar_length() -> None:
    step = tuple(clips(26))
    made = batches(step, 13)
    padded = sum(max(c.duration_s for c in batch) * len(batch) for batch in made)
    assert padded == sum(c.duration_s for c in step)
