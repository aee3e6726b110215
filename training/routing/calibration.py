"""A probability that means what it says: Platt scaling, folded into the router's last layer.

The margin z, the score of class 1 less that of class 0, becomes ``slope * z + bias`` (Platt, 1999;
Guo et al., 2017). Both numbers go into the weights of the last linear layer, so the file stays a
router as published, and every program that reads one gets the calibrated probability.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.router import RouterNetwork
from training.routing.errors import RoutingError

BINS = 10
_NEWTON_STEPS = 100
_TOLERANCE = 1e-10

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scaling:
    """``sigmoid(slope * margin + bias)`` is the calibrated probability; the slope is positive."""

    slope: float = 1.0
    bias: float = 0.0

    def probabilities(self, margins: Vector) -> Vector:
        """Calibrated probabilities of class 1, shape (n,)."""
        return _sigmoid(self.slope * margins + self.bias)


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Clips whose probability lies in [low, high), the last bin in [low, high].

    `predicted` and `observed` are the weighted means of their probabilities and of their targets;
    `weight` is their share of all weight.
    """

    low: float
    high: float
    clips: int
    weight: float
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability table, the data of its plot, without empty bins.

    Attributes:
        error: expected calibration error: the mean of abs(observed - predicted), weighted.
        bins: from low to high.
    """

    error: float
    bins: tuple[ReliabilityBin, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"expected_calibration_error": self.error, "bins": [asdict(b) for b in self.bins]}


def fit_scaling(
    margins: Vector, targets: Vector, weights: Vector, *, with_bias: bool = True
) -> Scaling:
    """The scaling of least weighted cross-entropy, by Newton's method.

    Targets are drawn a little towards each other as Platt does, by one clip on each side, so that
    classes which the margin separates wholly still give finite numbers.

    Args:
        margins: score of class 1 less that of class 0, shape (n,).
        targets: wanted probabilities, in [0, 1].
        weights: 0 or more; only their ratios count.
        with_bias: False fits the slope alone: temperature scaling, slope = 1 / temperature.

    Raises:
        RoutingError: nothing has weight, or the margin does not rise with the target.
    """
    if not weights.sum() > 0.0:
        raise RoutingError(
            "No held-out clip says which route is better, so the router cannot be calibrated.",
            remedy="Hold out clips on which the two routes differ, or that are marked as degraded.",
        )
    weights = weights / weights.mean()
    for_robust = float(weights @ targets)
    for_base = float(weights.sum()) - for_robust
    ceiling, floor = (for_robust + 1) / (for_robust + 2), 1 / (for_base + 2)
    targets = floor + targets * (ceiling - floor)
    inputs = np.stack([margins, np.ones_like(margins)] if with_bias else [margins])
    solution = _newton(inputs, targets, weights)
    if solution[0] <= 0.0:
        raise RoutingError(
            "The router does no better than chance on the held-out clips.",
            "The router in use is kept.",
            "Train longer, or on more clips that are like the held-out ones.",
        )
    return Scaling(float(solution[0]), float(solution[1]) if with_bias else 0.0)


def _newton(inputs: Vector, targets: Vector, weights: Vector) -> Vector:
    """Minimises the convex cross-entropy; halves steps that would not descend."""

    def loss(at: Vector) -> float:
        scores = at @ inputs
        return float(weights @ (np.logaddexp(0.0, scores) - targets * scores))

    solution = np.zeros(len(inputs))
    for _ in range(_NEWTON_STEPS):
        predicted = _sigmoid(solution @ inputs)
        gradient = inputs @ (weights * (predicted - targets))
        curvature = (inputs * (weights * predicted * (1 - predicted))) @ inputs.T
        step = np.linalg.solve(curvature + _TOLERANCE * np.eye(len(inputs)), gradient)
        while loss(solution - step) > loss(solution) and np.abs(step).max() > _TOLERANCE:
            step = step / 2
        solution = solution - step
        if np.abs(step).max() <= _TOLERANCE:
            break
    return solution


def fold(network: RouterNetwork, scaling: Scaling) -> None:
    """Changes the last layer in place, so that softmax gives the calibrated probability."""
    last = network.classifier[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.mul_(scaling.slope)
        last.bias.mul_(scaling.slope)
        last.bias.add_(torch.tensor([-scaling.bias / 2, scaling.bias / 2]).to(last.bias))


def reliability(
    probabilities: Sequence[float] | Vector, targets: Vector, weights: Vector, bins: int = BINS
) -> Reliability:
    """Compares what was predicted with what came, in bins of equal width.

    Args:
        probabilities: of class 1, in [0, 1], shape (n,).
        targets: as in `fit_scaling`.
        weights: as in `fit_scaling`; clips of weight 0 do not count.
        bins: how many.
    """
    predicted = np.asarray(probabilities, np.float64)
    places = np.minimum((predicted * bins).astype(int), bins - 1)
    rows = []
    for place in range(bins):
        inside = (places == place) & (weights > 0.0)
        weight = weights[inside]
        if not len(weight):
            continue
        share = float(weight.sum() / weights.sum())
        means = (
            float(np.average(values[inside], weights=weight)) for values in (predicted, targets)
        )
        rows.append(ReliabilityBin(place / bins, (place + 1) / bins, len(weight), share, *means))
    error = sum(row.weight * abs(row.observed - row.predicted) for row in rows)
    return Reliability(error, tuple(rows))


def _sigmoid(scores: Vector) -> Vector:
    result: Vector = 0.5 * (1.0 + np.tanh(0.5 * scores))
    return result
