"""From clips to a router that the engine can use: train, calibrate, choose a threshold, report."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from engine.checkpoint.folder import ROUTER_FILE, ROUTER_REPORT, write_json
from engine.errors import StorageError
from engine.router import Router, RouterNetwork, save_router
from engine.router.features import log_mel
from training.routing.calibration import (
    Reliability,
    Scaling,
    Vector,
    fit_scaling,
    fold,
    reliability,
)
from training.routing.examples import RoutingExample, target
from training.routing.threshold import NEUTRAL, ThresholdChoice, choose_threshold
from training.routing.train import RoutingOptions, Step, train_network
from training.score import Bootstrap

_RECENT_STEPS = 50


@dataclass(frozen=True, slots=True)
class RouterReport:
    """What is known about a trained router.

    Attributes:
        options: how it was trained.
        clips: it was trained on so many.
        held_out_clips: it was judged on so many.
        loss: mean over the last steps, at most 50.
        scaling: what calibration did; it is folded into the network.
        before: reliability on the held-out clips before calibration.
        after: after it; its two numbers were fitted on the same clips.
        accuracy: share of the held-out clips with a class whose side of 1/2 is the right one; None
            where no clip has a class.
        choice: the threshold; None where no held-out clip has errors of both routes.
    """

    options: RoutingOptions
    clips: int
    held_out_clips: int
    loss: float
    scaling: Scaling
    before: Reliability
    after: Reliability
    accuracy: float | None
    choice: ThresholdChoice | None

    @property
    def threshold(self) -> float:
        """The chosen threshold, else the paper's."""
        return self.choice.threshold if self.choice else NEUTRAL

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "threshold": self.threshold,
            "options": asdict(self.options),
            "clips": self.clips,
            "held_out_clips": self.held_out_clips,
            "loss": self.loss,
            "accuracy": self.accuracy,
            "scaling": asdict(self.scaling),
            "reliability": {"before": self.before.to_json(), "after": self.after.to_json()},
            "choice": self.choice.to_json() if self.choice else None,
        }


@dataclass(frozen=True, slots=True)
class TrainedRouter:
    """A calibrated network with its report."""

    network: RouterNetwork
    report: RouterReport

    def save(self, folder: Path) -> None:
        """Writes the router, in the published layout, and its report into the adapter's folder.

        Raises:
            StorageError: they cannot be written; a router that was there before stays whole.
        """
        partial = folder / f"{ROUTER_FILE}.partial"
        try:
            save_router(self.network, partial)
            write_json(folder / ROUTER_REPORT, self.report.to_json())
            partial.replace(folder / ROUTER_FILE)
        except (OSError, SafetensorError) as error:
            raise StorageError(
                f"The router cannot be saved in {folder}: {error}.",
                "A router that was there before is unchanged.",
                "Make room on the disk, or check the folder's permissions.",
            ) from error
        finally:
            partial.unlink(missing_ok=True)


def make_router(
    examples: Sequence[RoutingExample],
    held_out: Sequence[RoutingExample],
    options: RoutingOptions | None = None,
    *,
    start: RouterNetwork | None = None,
    bootstrap: Bootstrap | None = None,
    on_step: Callable[[Step], None] | None = None,
) -> TrainedRouter:
    """Trains a router for an adapter.

    Args:
        examples: to learn from.
        held_out: to calibrate, to choose the threshold and to judge by; no speaker and no recording
            of theirs may be among ``examples``.
        options: budget and seed; the defaults where None.
        start: a router to start from, left as it is (`engine.router.load_network` reads one);
            None starts from nothing.
        bootstrap: how to find the intervals.
        on_step: called after each step.

    Raises:
        RoutingError: no useful router comes from these clips.
        AudioError: a clip cannot be read.
    """
    options = options or RoutingOptions()
    network, steps = train_network(examples, options, deepcopy(start), on_step)
    return judged(network, steps, len(examples), held_out, options, bootstrap)


def judged(
    network: RouterNetwork,
    steps: Sequence[Step],
    clips: int,
    held_out: Sequence[RoutingExample],
    options: RoutingOptions,
    bootstrap: Bootstrap | None = None,
) -> TrainedRouter:
    """What follows the training: calibration, threshold, report.

    Args:
        network: trained; changed in place.
        steps: of its training.
        clips: it was trained on so many.
        held_out: as in `make_router`.
        options: how it was trained.
        bootstrap: how to find the intervals.

    Raises:
        RoutingError: it does no better than chance on these clips, or they say nothing.
        AudioError: a clip cannot be read.
    """
    network = network.to(options.device)
    router = Router(network, options.device)
    margins, targets, weights = _margins(router, network, held_out, options)
    scaling = fit_scaling(margins, targets, weights)
    fold(network, scaling)
    probabilities = [float(router.probabilities([example.samples()])[0]) for example in held_out]
    report = RouterReport(
        options=options,
        clips=clips,
        held_out_clips=len(held_out),
        loss=float(np.mean([step.loss for step in steps[-_RECENT_STEPS:]])),
        scaling=scaling,
        before=reliability(Scaling().probabilities(margins), targets, weights),
        after=reliability(scaling.probabilities(margins), targets, weights),
        accuracy=_accuracy(probabilities, held_out),
        choice=_choice(probabilities, held_out, bootstrap),
    )
    return TrainedRouter(network.to("cpu"), report)


def _margins(
    router: Router,
    network: RouterNetwork,
    held_out: Sequence[RoutingExample],
    options: RoutingOptions,
) -> tuple[Vector, Vector, Vector]:
    """Margin, target and weight of each window; the windows of a long clip share its weight."""
    rows: list[tuple[float, float, float]] = []
    for example in held_out:
        aim = target(example, options.prior_edits)
        samples = example.samples()
        windows = np.array_split(samples, -(-len(samples) // router.window_samples))
        frames, lengths = log_mel(windows, network.sizes.n_mels)
        with torch.inference_mode():
            scores = network(frames.to(options.device), lengths.to(options.device)).double()
        for margin in (scores[:, 1] - scores[:, 0]).tolist():
            rows.append((margin, aim.probability, aim.weight / len(windows)))
    columns = np.array(rows, np.float64).reshape(-1, 3)
    return columns[:, 0], columns[:, 1], columns[:, 2]


def _accuracy(probabilities: Sequence[float], held_out: Sequence[RoutingExample]) -> float | None:
    right = [
        (probability >= NEUTRAL) == example.degraded
        for probability, example in zip(probabilities, held_out, strict=True)
        if example.degraded is not None
    ]
    return sum(right) / len(right) if right else None


def _choice(
    probabilities: Sequence[float],
    held_out: Sequence[RoutingExample],
    bootstrap: Bootstrap | None,
) -> ThresholdChoice | None:
    heard = [
        (probability, example.base, example.robust, example.group or f"clip {number}")
        for number, (probability, example) in enumerate(zip(probabilities, held_out, strict=True))
        if example.base is not None and example.robust is not None
    ]
    if not any(base.reference_length for _, base, _, _ in heard):
        return None
    at, base, robust, groups = zip(*heard, strict=True)
    return choose_threshold(at, base, robust, bootstrap, groups)
