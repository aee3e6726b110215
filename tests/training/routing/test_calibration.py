"""Calibration where the answer is known, and the head that carries it."""

import math

import numpy as np
import pytest
import torch

from engine.router import RouterNetwork, RouterSizes
from training.routing import RoutingError, Scaling, fit_scaling, fold, reliability

MANY = 20_000


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


def test_two_margins_get_the_shares_that_were_seen() -> None:
    # At margin -1 a quarter is for robust, at +3 nine tenths: two points fix slope and bias.
    margins = np.repeat([-1.0, 3.0], MANY)
    targets = np.repeat([0.25, 0.9], MANY)
    found = fit_scaling(margins, targets, np.ones(2 * MANY))
    slope = (_logit(0.9) - _logit(0.25)) / 4
    assert found.slope == pytest.approx(slope, abs=1e-3)
    assert found.bias == pytest.approx(_logit(0.25) + slope, abs=1e-3)
    np.testing.assert_allclose(found.probabilities(np.array([-1.0, 3.0])), [0.25, 0.9], atol=1e-3)


def test_temperature_alone_undoes_overconfidence() -> None:
    margins = np.repeat([-6.0, 6.0], MANY)
    targets = np.repeat([1 - 0.88, 0.88], MANY)
    found = fit_scaling(margins, targets, np.ones(2 * MANY), with_bias=False)
    assert found == Scaling(pytest.approx(_logit(0.88) / 6, abs=1e-3), 0.0)


def test_weights_count_as_copies() -> None:
    margins, targets = np.array([-1.0, 0.5, 2.0]), np.array([0.0, 1.0, 1.0])
    weights = np.array([3.0, 1.0, 2.0])
    copies = np.repeat(np.arange(3), [3, 1, 2])
    weighted = fit_scaling(np.tile(margins, 50), np.tile(targets, 50), np.tile(weights, 50))
    copied = fit_scaling(np.tile(margins[copies], 25), np.tile(targets[copies], 25), np.ones(150))
    assert weighted.slope == pytest.approx(copied.slope)
    assert weighted.bias == pytest.approx(copied.bias)


def test_classes_wholly_apart_give_finite_numbers() -> None:
    found = fit_scaling(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0.0, 0, 1, 1]), np.ones(4))
    assert 0.0 < found.slope < 5.0
    assert abs(found.bias) < 1e-6


def test_a_router_that_knows_nothing_is_refused() -> None:
    with pytest.raises(RoutingError, match="chance"):
        fit_scaling(np.array([-1.0, 1.0]), np.array([1.0, 0.0]), np.ones(2))
    with pytest.raises(RoutingError, match="No held-out clip"):
        fit_scaling(np.array([-1.0, 1.0]), np.array([1.0, 0.0]), np.zeros(2))


def test_the_last_layer_carries_it() -> None:
    torch.manual_seed(0)
    sizes = RouterSizes(channels=8, width=16, feed_forward=16, steps=20, hidden=8)
    network = RouterNetwork(sizes).eval()
    frames, lengths = torch.randn(3, 40, 80), torch.tensor([40, 30, 8])
    names = list(network.state_dict())
    with torch.inference_mode():
        before = network(frames, lengths).double()
        fold(network, Scaling(0.5, 1.25))
        after = torch.softmax(network(frames, lengths).double(), dim=1)[:, 1]
    margins = (before[:, 1] - before[:, 0]).numpy()
    np.testing.assert_allclose(after, Scaling(0.5, 1.25).probabilities(margins), atol=1e-6)
    assert list(network.state_dict()) == names


def test_reliability_of_two_bins() -> None:
    table = reliability(
        [0.1, 0.1, 0.9, 1.0], np.array([0.0, 1.0, 1.0, 1.0]), np.array([1.0, 1.0, 1.0, 1.0]), bins=2
    )
    low, high = table.bins
    assert (low.low, low.high, low.clips, low.weight) == (0.0, 0.5, 2, 0.5)
    assert (low.predicted, low.observed) == (pytest.approx(0.1), 0.5)
    assert (high.predicted, high.observed) == (pytest.approx(0.95), 1.0)
    assert table.error == pytest.approx(0.5 * 0.4 + 0.5 * 0.05)


def test_reliability_weighs_clips_and_leaves_out_those_of_no_weight() -> None:
    table = reliability([0.2, 0.2, 0.7], np.array([1.0, 0.0, 1.0]), np.array([3.0, 1.0, 0.0]))
    (only,) = table.bins
    assert (only.clips, only.observed, only.weight) == (2, 0.75, 1.0)
    assert table.to_json()["expected_calibration_error"] == pytest.approx(0.55)
