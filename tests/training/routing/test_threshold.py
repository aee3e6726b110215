"""The threshold of lowest error: by hand, and against trying every one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.routing import RoutingError, choose_threshold
from training.score import Bootstrap, ErrorCount

FEW = Bootstrap(resamples=100)


def counts(*errors: int, length: int = 10) -> list[ErrorCount]:
    return [ErrorCount(n, 0, 0, length) for n in errors]


def test_by_hand() -> None:
    # The adapter costs an edit on the two clips that sound best and saves some on the others.
    found = choose_threshold([0.1, 0.3, 0.4, 0.9], counts(1, 1, 5, 9), counts(2, 2, 3, 4), FEW)
    assert found.threshold == pytest.approx(0.35)
    assert found.robust_share == 0.5
    assert found.routed is not None
    assert found.routed.estimate == pytest.approx(9 / 40)
    assert found.over_base is not None
    assert found.over_base.interval.estimate == pytest.approx((9 - 16) / 40)
    assert found.over_robust is not None
    assert found.over_robust.interval.estimate == pytest.approx((9 - 11) / 40)
    curve = dict(found.curve)
    assert curve[0.0] == pytest.approx(11 / 40)
    assert curve[1.0] == pytest.approx(16 / 40)


def test_an_adapter_that_never_helps_is_never_chosen() -> None:
    found = choose_threshold([0.2, 0.6, 0.8], counts(1, 1, 1), counts(2, 2, 2), FEW)
    assert found.threshold == pytest.approx(0.9)
    assert found.robust_share == 0.0


def test_an_adapter_that_always_helps_is_always_chosen() -> None:
    found = choose_threshold([0.2, 0.6, 0.8], counts(2, 2, 2), counts(1, 1, 1), FEW)
    assert found.threshold == pytest.approx(0.1)
    assert found.robust_share == 1.0


def test_the_neutral_threshold_where_it_does_no_worse() -> None:
    found = choose_threshold([0.2, 0.8], counts(1, 5), counts(5, 1), FEW)
    assert (found.threshold, found.low, found.high) == (0.5, 0.5, 0.5)
    assert choose_threshold([0.2, 0.8], counts(3, 3), counts(3, 3), FEW).threshold == 0.5


def test_equal_probabilities_are_not_parted() -> None:
    found = choose_threshold([0.7, 0.7, 1.0], counts(9, 1, 1), counts(1, 3, 9), FEW)
    # Either the clip at 1 alone, or all: nothing in between, and never none.
    assert found.robust_share == 1.0
    assert found.routed is not None
    assert found.routed.estimate == pytest.approx(13 / 30)


def test_groups_are_drawn_whole() -> None:
    probabilities = [0.2, 0.8] * 10
    base, robust = counts(*[1, 5] * 10), counts(*[2, 1] * 10)
    groups = ["anna"] * 10 + ["ben"] * 10
    found = choose_threshold(probabilities, base, robust, FEW, groups)
    assert found.routed is not None
    assert (found.routed.low, found.routed.high) == (pytest.approx(0.1), pytest.approx(0.1))
    assert (found.low, found.high) == (0.5, 0.5)


def test_without_references_there_is_no_choice() -> None:
    with pytest.raises(RoutingError):
        choose_threshold([0.5], counts(1, length=0), counts(0, length=0))
    with pytest.raises(RoutingError):
        choose_threshold([], [], [])


CLIPS = st.lists(
    st.tuples(st.integers(0, 10).map(lambda n: n / 10), st.integers(0, 6), st.integers(0, 6)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60)
@given(CLIPS)
def test_no_threshold_does_better(clips: list[tuple[float, int, int]]) -> None:
    probabilities, base, robust = (list(column) for column in zip(*clips, strict=True))
    found = choose_threshold(probabilities, counts(*base), counts(*robust), Bootstrap(5))

    def errors(threshold: float) -> int:
        rows = zip(probabilities, base, robust, strict=True)
        return sum(r if p >= threshold else b for p, b, r in rows)

    everywhere = np.linspace(0.0, 1.0, 201)
    assert errors(found.threshold) == min(errors(float(at)) for at in everywhere)
    assert 0.0 <= found.threshold <= 1.0
    assert 0.0 <= found.low <= found.high <= 1.0
