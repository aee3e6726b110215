"""Where an answer ends: at its mark, at its budget, or in a loop."""

import pytest
import torch

from engine.recognizer import Clip
from engine.recognizer.decoding import LOOK_EVERY, LOOP_TOKENS, decode, looping


def _row(unit: int, length: int) -> list[int]:
    """Something new, and then a unit of so many tokens over and over."""
    return [*range(1000, 1010), *(i % unit for i in range(length))]


@pytest.mark.parametrize(
    ("unit", "length", "expected"),
    [
        (1, 64, True),
        (1, 63, False),
        (7, 64, True),
        (32, 256, True),
        (32, 255, False),
        (33, 400, False),
    ],
)
def test_a_loop_is_a_unit_written_over_and_over(unit, length, expected):
    assert looping(torch.tensor([_row(unit, length)])).tolist() == [expected]


def test_each_row_is_looked_at_by_itself():
    rows = [_row(2, 80), list(range(90)), [*_row(2, 79), 7]]
    assert looping(torch.tensor(rows)).tolist() == [True, False, False]


@pytest.fixture
def stuck(tiny):
    """The tiny model with an output layer that chooses the same token again and again."""

    def choose(module, inputs, scores):
        scores = torch.zeros_like(scores)
        scores[..., 65] = 5.0
        return scores

    handle = tiny.model.lm_head.register_forward_hook(choose)
    yield tiny
    handle.remove()


def test_a_loop_is_given_up_and_a_budget_is_kept(stuck, speech):
    batch = stuck.batch([Clip(speech["kettle"]), Clip(speech["train"])])
    looped, spent = decode(stuck.model, batch, [10 * LOOP_TOKENS, LOOP_TOKENS // 2])
    assert looped.token_ids == (65,) * (-(-LOOP_TOKENS // LOOK_EVERY) * LOOK_EVERY)
    assert spent.token_ids == (65,) * (LOOP_TOKENS // 2)
    assert looped.truncated
    assert spent.truncated
    assert looped.log_probabilities[0] < 0


def test_an_end_mark_ends_it(tiny, speech):
    end = tiny.model.generation_config.eos_token_id[0]

    def choose(module, inputs, scores):
        scores = torch.zeros_like(scores)
        scores[..., end] = 5.0
        return scores

    handle = tiny.model.lm_head.register_forward_hook(choose)
    try:
        (answer,) = decode(tiny.model, tiny.batch([Clip(speech["kettle"])]), [50])
    finally:
        handle.remove()
    assert answer.token_ids == ()
    assert not answer.truncated
