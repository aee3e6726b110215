"""The training loop of the router's network."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

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


def train_network(
    examples: Sequence[RoutingExample],
    options: RoutingOptions,
    network: RouterNetwork | None = None,
    on_step: Callable[[Step], None] | None = None,
) -> tuple[RouterNetwork, list[Step]]:
    """Trains a router by weighted cross-entropy with soft labels.

    Args:
        examples: the clips; one longer than the network can hear is cropped at random.
        options: budget and seed.
        network: where to start, changed in place; a new one of the published size where None.
        on_step: called after each step.

    Returns:
        The network, on the CPU, ready to judge; and the steps.

    Raises:
        RoutingError: no clip says anything, or the loss is not finite.
        AudioError: a clip cannot be read.
    """
    targets = [target(example, options.prior_edits) for example in examples]
    useful = [(e, t) for e, t in zip(examples, targets, strict=True) if t.weight > 0.0]
    if not useful:
        raise RoutingError(
            "No clip says which route is better.",
            remedy="Add clips on which the two routes differ, or that are marked as degraded.",
        )
    with torch.random.fork_rng(devices=_cuda(options.device)):
        torch.manual_seed(options.seed)
        network = network or RouterNetwork()
        network.to(options.device).train().requires_grad_(True)
        steps = _run(network, _batches(useful, network, options), options, on_step)
    return network.to("cpu").eval(), steps


def _run(
    network: RouterNetwork,
    batches: Iterator[_Batch],
    options: RoutingOptions,
    on_step: Callable[[Step], None] | None,
) -> list[Step]:
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=options.rate, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: _rate(n, options.steps))
    steps = []
    for number in range(1, options.steps + 1):
        batch = next(batches)
        frames, lengths = log_mel(batch.waves, network.sizes.n_mels)
        logits = network(frames.to(options.device), lengths.to(options.device)).float()
        soft = torch.stack([1 - batch.targets, batch.targets], dim=1).to(options.device)
        losses = functional.cross_entropy(logits, soft, reduction="none")
        loss = (losses * batch.weights.to(options.device)).mean()
        if not torch.isfinite(loss):
            raise RoutingError(
                f"The router's loss was not finite at step {number}.",
                "Nothing was saved over the router in use.",
                "Train with a lower learning rate.",
            )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        rate = optimizer.param_groups[0]["lr"]
        optimizer.step()
        schedule.step()
        steps.append(Step(number, float(loss.detach()), rate))
        if on_step is not None:
            on_step(steps[-1])
    return steps


def _rate(step: int, steps: int) -> float:
    warm = min(1.0, (step + 1) / max(1.0, WARM_UP_SHARE * steps))
    return warm * min(1.0, (1.0 - step / steps) / (1.0 - DECAY_FROM))


def _batches(
    useful: Sequence[tuple[RoutingExample, Target]], network: RouterNetwork, options: RoutingOptions
) -> Iterator[_Batch]:
    """Batches without end; every clip once before any comes again."""
    rng = np.random.default_rng(options.seed)
    longest = STRIDE * HOP * network.sizes.steps - 1
    mean_weight = sum(aim.weight for _, aim in useful) / len(useful)
    order = _endless(len(useful), rng)
    while True:
        pool = []
        for _ in range(POOL_BATCHES * options.batch):
            example, aim = useful[next(order)]
            wave = example.samples()
            start = int(rng.integers(max(1, len(wave) - longest + 1)))
            pool.append((wave[start : start + longest], aim))
        pool.sort(key=lambda pair: len(pair[0]))
        for place in rng.permutation(POOL_BATCHES):
            chosen = pool[place * options.batch : (place + 1) * options.batch]
            yield _Batch(
                [wave for wave, _ in chosen],
                torch.tensor([aim.probability for _, aim in chosen]),
                torch.tensor([aim.weight / mean_weight for _, aim in chosen]),
            )


def _endless(count: int, rng: np.random.Generator) -> Iterator[int]:
    while True:
        yield from map(int, rng.permutation(count))


def _cuda(device: str) -> list[int]:
    """CUDA devices whose random state the training may touch."""
    return [torch.device(device).index or 0] if device.startswith("cuda") else []
