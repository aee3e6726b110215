"""Batches: by length and route, and halved when memory runs out. No model takes part."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfMemoryError
from engine.recognizer import Clip
from engine.recognizer.batches import padded_s, plan, run


def _clip(seconds: float, gate: float = 0.0) -> Clip:
    return Clip(np.zeros(round(16_000 * seconds), np.float32), gate)


clips_of_all_kinds = st.lists(
    st.builds(_clip, st.floats(0.01, 30), st.sampled_from([0.0, 0.0, 0.3, 1.0])), max_size=25
)


@given(clips_of_all_kinds, st.sampled_from([8.0, 30.0, 60.0]))
def test_every_clip_is_in_one_batch_within_the_budget(clips, budget_s):
    batches = plan(clips, budget_s)
    assert sorted(i for batch in batches for i in batch) == list(range(len(clips)))
    for batch in batches:
        assert len(batch) == 1 or padded_s([clips[i] for i in batch]) <= budget_s
    assert batches == sorted(batches, key=min)


@given(clips_of_all_kinds)
def test_at_most_two_batches_are_mixed(clips):
    mixed = [b for b in plan(clips, 40.0) if len({clips[i].gate > 0 for i in b}) == 2]
    assert len(mixed) <= 2


def test_batches_of_one_route_come_first_and_left_overs_are_mixed():
    clips = [_clip(10, gate=float(i % 2)) for i in range(6)]
    assert plan(clips, 20) == [[0, 2], [1, 3], [4, 5]]


def test_left_overs_that_save_no_batch_stay_apart():
    clips = [_clip(10, gate=float(i % 2)) for i in range(4)]
    assert plan(clips, 20) == [[0, 2], [1, 3]]


def test_similar_lengths_go_together():
    clips = [_clip(s) for s in (20, 2, 19, 1, 3)]
    assert plan(clips, 40) == [[0, 2], [1, 3, 4]]


class _Memory:
    """Decodes what fits; gives the length of each clip as its result."""

    def __init__(self, room_s: float, error: Exception | None = None) -> None:
        self.room_s = room_s
        self.error = error or MemoryError()
        self.attempts: list[float] = []
        self.released = 0

    def decode(self, clips: Sequence[Clip]) -> list[float]:
        self.attempts.append(padded_s(clips))
        if padded_s(clips) > self.room_s:
            raise self.error
        return [clip.duration_s for clip in clips]

    def release(self) -> None:
        self.released += 1


def _run(clips: list[Clip], memory: _Memory, budget_s: float = 60) -> list[tuple[int, float]]:
    def is_out_of_memory(error: BaseException) -> bool:
        return isinstance(error, MemoryError)

    batches = plan(clips, budget_s)
    return list(run(clips, batches, memory.decode, is_out_of_memory, memory.release))


def test_what_does_not_fit_is_halved_until_it_does():
    memory = _Memory(room_s=9)
    results = _run([_clip(3)] * 16, memory)
    assert dict(results) == dict.fromkeys(range(16), 3.0)
    assert memory.attempts == [48, 24, 12, *[6] * 8]
    assert memory.released == 3


def test_later_batches_are_cut_before_they_fail():
    memory = _Memory(room_s=30)
    _run([_clip(30), _clip(30), _clip(30), _clip(30)], memory, budget_s=60)
    assert memory.attempts == [60, 30, 30, 30, 30]


def test_a_single_clip_that_does_not_fit_is_an_error_after_the_others_were_delivered():
    clips = [_clip(5), _clip(29.2)]
    memory = _Memory(room_s=20)
    batches = plan(clips, 10)
    results = run(clips, batches, memory.decode, lambda e: isinstance(e, MemoryError))
    assert next(results) == (0, 5.0)
    with pytest.raises(OutOfMemoryError, match="30 s"):
        next(results)


def test_other_errors_are_not_mistaken_for_a_lack_of_memory():
    with pytest.raises(RuntimeError, match="something else"):
        _run([_clip(5), _clip(5)], _Memory(1, RuntimeError("something else")))
