"""Training of the audio-quality router: on degraded or clean, and on whether the adapter helps.

examples     clips with what is known about them, and what the router should say
train        the network, the published architecture
calibration  the probability made true, folded into the last layer
threshold    where routing has the lowest word error rate
recipe       all of that in order, with a report, saved as the engine reads it
"""

from training.routing.calibration import Reliability, Scaling, fit_scaling, fold, reliability
from training.routing.errors import RoutingError
from training.routing.examples import RoutingExample, Target, target
from training.routing.recipe import RouterReport, TrainedRouter, make_router
from training.routing.threshold import ThresholdChoice, choose_threshold
from training.routing.train import RoutingOptions, Step, train_network

__all__ = [
    "Reliability",
    "RouterReport",
    "RoutingError",
    "RoutingExample",
    "RoutingOptions",
    "Scaling",
    "Step",
    "Target",
    "ThresholdChoice",
    "TrainedRouter",
    "choose_threshold",
    "fit_scaling",
    "fold",
    "make_router",
    "reliability",
    "target",
    "train_network",
]
