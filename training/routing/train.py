"""The training of the router's network, step by step, so that it can be saved and taken up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import UsageError
from engine.router import RouterNetwork
from engine.router.features import HOP, log_mel
from engine.router.network import STRIDE
from engine.samples import Samples
from training.routing.errors import RoutingError
from training.routing.examples import RoutingExample, Target, target

WARM_UP_SHARE = 0.05
DECAY_FROM = 0.3
"""The learning rate rises over the first share of the steps and falls from the second on, to 0."""

CLIP_NORM = 1.0
WEIGHT_DECAY = 0.02
POOL_BATCHES = 4
"""Batches drawn at once and sorted by length, so that clips are padded little."""


@dataclass(frozen=True, slots=True)
class RoutingOptions:
    """How to train.

    Attributes:
        steps: optimiser steps.
        batch: clips a step.
        rate: peak learning rate of AdamW.
        prior_edits: see `training.routing.examples.target`.
        seed: of initial weights, order, crops and dropout; on a CPU it fixes the result.
        device: a torch device name.
    """

    steps: int = 3000
    batch: int = 16
    rate: float = 5e-4
    prior_edits: float = 1.0
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1 or not self.rate > 0 or not self.prior_edits >= 0:
            raise UsageError(
                "The router's training needs steps, batch and rate above 0, prior_edits from 0 on."
            )


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its number from 1 on, its loss, its learning rate."""

    number: int
    loss: float
    rate: float


@dataclass(frozen=True, slots=True)
class _Batch:
    """Waves of any length, with targets and weights, each of shape (batch,)."""

    waves: list[Samples]
    targets: Tensor
    weights: Tensor


class RouterTraining:
    """Weighted cross-entropy with soft labels, one step at a time.

    Which clips a step takes follows from the seed and its number alone; so what `state` gives is
    all that is needed to go on as if nothing had happened.

    Args:
        examples: the clips; one longer than the network can hear is cropped at random.
        options: budget and seed.
        network: where to start, changed in place; a new one of the published size where None.

    Raises:
        RoutingError: no clip says anything.
    """

    def __init__(
        self,
        examples: Sequence[RoutingExample],
        options: RoutingOptions,
        network: RouterNetwork | None = None,
    ) -> None:
        targets = [target(example, options.prior_edits) for example in examples]
        useful = [(e, t) for e, t in zip(examples, targets, strict=True) if t.weight > 0.0]
        if not useful:
            raise RoutingError(
                "No clip says which route is better.",
                remedy="Add clips on which the two routes differ, or that are marked as degraded.",
            )
        self._options = options
        with torch.random.fork_rng(devices=_cuda(options.device)):
            torch.manual_seed(options.seed)
            self.network = network or RouterNetwork()
        self.network.to(options.device).train().requires_grad_(True)
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(), options.rate, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY
        )
        self._batches = _Batches(useful, self.network, options)
        self.steps: list[Step] = []

    @property
    def done(self) -> bool:
        """All steps are made."""
        return len(self.steps) == self._options.steps

    def advance(self) -> Step:
        """Makes the next step.

        Raises:
            RoutingError: the loss is not finite.
            AudioError: a clip cannot be read.
        """
        number = len(self.steps)
        rate = self._options.rate * _rate(number, self._options.steps)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        batch = self._batches.batch(number)
        with torch.random.fork_rng(devices=_cuda(self._options.device)):
            torch.manual_seed((self._options.seed << 32) + number)
            loss = self._learn(batch, number + 1)
        self.steps.append(Step(number + 1, loss, rate))
        return self.steps[-1]

    def finished(self) -> RouterNetwork:
        """The network as it is now, on the CPU, ready to judge."""
        return self.network.to("cpu").eval()

    def state(self) -> dict[str, Any]:
        """Everything needed to go on; tensors and plain data, for `torch.save`."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "steps": [(step.number, step.loss, step.rate) for step in self.steps],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes up what `state` gave, in a training made with the same arguments.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: it is no such state.
        """
        self.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.steps = [Step(*step) for step in state["steps"]]

    def _learn(self, batch: _Batch, number: int) -> float:
        device = self._options.device
        frames, lengths = log_mel(batch.waves, self.network.sizes.n_mels)
        logits = self.network(frames.to(device), lengths.to(device)).float()
        soft = torch.stack([1 - batch.targets, batch.targets], dim=1).to(device)
        losses = functional.cross_entropy(logits, soft, reduction="none")
        loss = (losses * batch.weights.to(device)).mean()
        if not torch.isfinite(loss):
            raise RoutingError(
                f"The router's loss was not finite at step {number}.",
                "Nothing was saved over the router in use.",
                "Train with a lower learning rate.",
            )
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP_NORM)
        self._optimizer.step()
        return float(loss.detach())


def train_network(
    examples: Sequence[RoutingExample],
    options: RoutingOptions,
    network: RouterNetwork | None = None,
    on_step: Callable[[Step], None] | None = None,
) -> tuple[RouterNetwork, list[Step]]:
    """Trains a router to the end.

    Args:
        examples: as in `RouterTraining`.
        options: budget and seed.
        network: where to start, changed in place; a new one of the published size where None.
        on_step: called after each step.

    Returns:
        The network, on the CPU, ready to judge; and the steps.

    Raises:
        RoutingError: no clip says anything, or the loss is not finite.
        AudioError: a clip cannot be read.
    """
    training = RouterTraining(examples, options, network)
    while not training.done:
        step = training.advance()
        if on_step is not None:
            on_step(step)
    return training.finished(), training.steps


class _Batches:
    """Batches without end, by number; every clip once before any comes again."""

    def __init__(
        self,
        useful: Sequence[tuple[RoutingExample, Target]],
        network: RouterNetwork,
        options: RoutingOptions,
    ) -> None:
        self._useful = useful
        self._longest = STRIDE * HOP * network.sizes.steps - 1
        self._mean_weight = sum(aim.weight for _, aim in useful) / len(useful)
        self._options = options
        self._pool: tuple[int, list[_Batch]] = (-1, [])

    def batch(self, number: int) -> _Batch:
        """The batch of a step, counted from 0."""
        pool, place = divmod(number, POOL_BATCHES)
        if self._pool[0] != pool:
            self._pool = (pool, self._drawn(pool))
        return self._pool[1][place]

    def _drawn(self, pool: int) -> list[_Batch]:
        size = self._options.batch
        rng = np.random.default_rng((self._options.seed, pool, 1))
        clips = []
        for place in range(pool * POOL_BATCHES * size, (pool + 1) * POOL_BATCHES * size):
            example, aim = self._useful[self._order(place)]
            wave = example.samples()
            start = int(rng.integers(max(1, len(wave) - self._longest + 1)))
            clips.append((wave[start : start + self._longest], aim))
        clips.sort(key=lambda pair: len(pair[0]))
        return [
            self._together(clips[at * size : (at + 1) * size])
            for at in rng.permutation(POOL_BATCHES)
        ]

    def _together(self, clips: list[tuple[Samples, Target]]) -> _Batch:
        return _Batch(
            [wave for wave, _ in clips],
            torch.tensor([aim.probability for _, aim in clips]),
            torch.tensor([aim.weight / self._mean_weight for _, aim in clips]),
        )

    def _order(self, place: int) -> int:
        """Which clip is drawn at a place: the clips are shuffled anew each time all were had."""
        lap, at = divmod(place, len(self._useful))
        shuffled = np.random.default_rng((self._options.seed, lap)).permutation(len(self._useful))
        return int(shuffled[at])


def _rate(step: int, steps: int) -> float:
    """Share of the peak rate at a step, counted from 0."""
    warm = min(1.0, (step + 1) / max(1.0, WARM_UP_SHARE * steps))
    return warm * min(1.0, (1.0 - step / steps) / (1.0 - DECAY_FROM))


def _cuda(device: str) -> list[int]:
    """CUDA devices whose random state the training may touch."""
    return [torch.device(device).index or 0] if device.startswith("cuda") else []
