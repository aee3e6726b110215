"""The samplings against the distributions they claim."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from training.simulate.severity import MIDDLE, SAMPLINGS

CUMULATIVE: dict[str, Callable[[float], float]] = {
    "linear": lambda m: m,
    "sqrt_fwd": lambda m: m**2,
    "sqrt_bwd": lambda m: m**0.5,
    "gaussian_mid": MIDDLE.cdf,
}


@pytest.mark.parametrize("name", SAMPLINGS)
def test_drawn_severities_follow_the_distribution(name: str) -> None:
    uniform = np.random.default_rng(5).random(4000)
    drawn = [SAMPLINGS[name](float(x)) for x in uniform]
    fit = stats.kstest(drawn, np.vectorize(CUMULATIVE[name]))
    assert fit.pvalue > 0.01


@pytest.mark.parametrize("name", SAMPLINGS)
def test_severity_rises_from_0_to_1(name: str) -> None:
    drawn = [SAMPLINGS[name](float(x)) for x in np.linspace(0.0, 1.0, 101)]
    assert (drawn[0], drawn[-1]) == (0.0, 1.0)
    assert drawn == sorted(drawn)


def test_the_middle_is_clipped_at_its_ends() -> None:
    assert SAMPLINGS["gaussian_mid"](1e-12) == 0.0
    assert SAMPLINGS["gaussian_mid"](1.0 - 1e-12) == 1.0
