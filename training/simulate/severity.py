"""Four ways to draw the severity of a clip from a uniform number (paper section 3)."""

from collections.abc import Callable, Mapping
from math import sqrt
from statistics import NormalDist
from types import MappingProxyType

Sampling = Callable[[float], float]
"""Uniform in [0, 1] -> severity in [0, 1], rising."""

MIDDLE = NormalDist(mu=0.5, sigma=1 / 6)
"""Of `gaussian_mid`. The paper gives no width; with this one three deviations reach the ends."""


def linear(x: float) -> float:
    """All severities alike; what the paper found best."""
    return x


def sqrt_fwd(x: float) -> float:
    """More hard clips than easy ones: density 2m."""
    return sqrt(x)


def sqrt_bwd(x: float) -> float:
    """More easy clips than hard ones: density 1 / (2 sqrt m)."""
    return x * x


def gaussian_mid(x: float) -> float:
    """Mostly middling: the quantile of a normal around 0.5, clipped."""
    if not 0.0 < x < 1.0:
        return x
    return min(max(MIDDLE.inv_cdf(x), 0.0), 1.0)


SAMPLINGS: Mapping[str, Sampling] = MappingProxyType(
    {
        "linear": linear,
        "sqrt_fwd": sqrt_fwd,
        "sqrt_bwd": sqrt_bwd,
        "gaussian_mid": gaussian_mid,
    }
)
"""By the names of the paper's ablation."""
