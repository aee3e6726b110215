"""Learning rates over a phase."""

import pytest

from training.finetune.trainer import rate_factor


def test_the_rate_goes_up_and_down_and_is_never_zero_while_it_counts() -> None:
    factors = [rate_factor(step, 10, 2) for step in range(10)]
    assert factors[:3] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert factors[-1] == pytest.approx(1 / 8)
    assert factors[2:] == sorted(factors[2:], reverse=True)


def test_a_single_step_learns() -> None:
    assert rate_factor(0, 1, 0) == 1.0
    assert rate_factor(0, 1, 1) == 0.5
    assert rate_factor(10, 10, 2) == 0.0
