"""Training of the audio-quality router: on degraded or clean, and on whether the adapter helps.

examples     clips with what is known about them, and what the router should say
train        the network, the published architecture, step by step
calibration  the probability made true, folded into the last layer
threshold    where routing has the lowest word error rate
recipe       all of that in order, with a report, saved as the engine reads it
stage        all of that in a run, for the adapter that came of it, with a page for people

The names below are imported on first use, so that events of the stage cost no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.routing.calibration import Reliability as Reliability
    from training.routing.calibration import Scaling as Scaling
    from training.routing.calibration import fit_scaling as fit_scaling
    from training.routing.calibration import fold as fold
    from training.routing.calibration import reliability as reliability
    from training.routing.errors import RoutingError as RoutingError
    from training.routing.examples import RoutingExample as RoutingExample
    from training.routing.examples import Target as Target
    from training.routing.examples import target as target
    from training.routing.recipe import RouterReport as RouterReport
    from training.routing.recipe import TrainedRouter as TrainedRouter
    from training.routing.recipe import judged as judged
    from training.routing.recipe import make_router as make_router
    from training.routing.threshold import ThresholdChoice as ThresholdChoice
    from training.routing.threshold import choose_threshold as choose_threshold
    from training.routing.train import RouterTraining as RouterTraining
    from training.routing.train import RoutingOptions as RoutingOptions
    from training.routing.train import Step as Step
    from training.routing.train import train_network as train_network

_HOME = {
    "Reliability": "calibration",
    "RouterReport": "recipe",
    "RouterTraining": "train",
    "RoutingError": "errors",
    "RoutingExample": "examples",
    "RoutingOptions": "train",
    "Scaling": "calibration",
    "Step": "train",
    "Target": "examples",
    "ThresholdChoice": "threshold",
    "TrainedRouter": "recipe",
    "choose_threshold": "threshold",
    "fit_scaling": "calibration",
    "fold": "calibration",
    "judged": "recipe",
    "make_router": "recipe",
    "reliability": "calibration",
    "target": "examples",
    "train_network": "train",
}

__all__ = [
    "Reliability",
    "RouterReport",
    "RouterTraining",
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
    "judged",
    "make_router",
    "reliability",
    "target",
    "train_network",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'training.routing' has no attribute {name!r}")
    return getattr(import_module(f"training.routing.{_HOME[name]}"), name)
