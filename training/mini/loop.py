"""The training loop all stages share: a time or step budget, checkpoints, exact resumption."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from training.mini.parallel import adopt_first, average_gradients, from_first, rank_and_count

CLIP_NORM = 1.0


@dataclass(frozen=True, slots=True)
class Budget:
    """Where a stage ends: after so much training time, or after so many steps.

    With `seconds` the learning rate follows the clock, so it reaches zero in time however busy the
    machine is; with `steps` a run is reproducible.
    """

    seconds: float | None = None
    steps: int | None = None

    def progress(self, elapsed_s: float, step: int) -> float:
        """0 at the start, 1 at the end."""
        if self.steps is not None:
            return min(1.0, step / self.steps)
        assert self.seconds is not None
        return min(1.0, elapsed_s / self.seconds)


@dataclass(frozen=True, slots=True)
class Rate:
    """Warm-up over `warm_up_steps`, then `peak`, then from `decay_from` on linearly to zero."""

    peak: float
    warm_up_steps: int = 200
    decay_from: float = 0.5

    def at(self, progress: float, step: int) -> float:
        warm = min(1.0, (step + 1) / self.warm_up_steps)
        decay = min(1.0, (1.0 - progress) / (1.0 - self.decay_from))
        return self.peak * warm * max(decay, 0.0)


class Source(Protocol):
    """Gives the work of pool `number`: a list of whatever the loss takes."""

    def __call__(self, number: int, progress: float) -> Sequence[Any]: ...


Prepare = Callable[[Any, "Moment"], Any]
Loss = Callable[[Any, "Moment"], dict[str, Tensor]]


@dataclass(frozen=True, slots=True)
class Moment:
    """Where training is, with the random numbers of this step."""

    step: int
    progress: float
    rng: random.Random


@dataclass(slots=True)
class _State:
    step: int = 0
    pool: int = 0
    index: int = 0
    elapsed_s: float = 0.0
    pool_progress: float = 0.0


class Trainer:
    """Trains some modules; everything needed to go on lies in `folder`/state.pt."""

    def __init__(
        self,
        name: str,
        folder: Path,
        modules: Mapping[str, nn.Module],
        *,
        seed: int,
        rate: Rate,
        budget: Budget,
        save_every_s: float = 120.0,
        log_every: int = 25,
    ) -> None:
        self._name = name
        self._path = folder / "state.pt"
        self._modules = modules
        self._seed = seed
        self._rate = rate
        self._budget = budget
        self._save_every_s = save_every_s
        self._log_every = log_every
        self._state = _State()
        self._rank, self._ranks = rank_and_count()
        self._work: Sequence[Any] | None = None
        self._parameters = [
            parameter
            for module in modules.values()
            for parameter in module.parameters()
            if parameter.requires_grad
        ]
        matrices = [parameter for parameter in self._parameters if parameter.dim() > 1]
        vectors = [parameter for parameter in self._parameters if parameter.dim() < 2]
        self._optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": 0.02}, {"params": vectors, "weight_decay": 0.0}],
            betas=(0.9, 0.98),
            fused=True,
        )
        folder.mkdir(parents=True, exist_ok=True)

    def _weights(self) -> dict[str, dict[str, Tensor]]:
        return {name: module.state_dict() for name, module in self._modules.items()}

    def _save(self) -> None:
        if self._rank:
            return
        partial = self._path.with_suffix(".partial")
        state = {slot: getattr(self._state, slot) for slot in _State.__slots__}
        torch.save(
            {"weights": self._weights(), "optimizer": self._optimizer.state_dict(), "state": state},
            partial,
        )
        partial.replace(self._path)

    def _resume(self) -> None:
        if not self._path.exists():
            return
        saved = torch.load(self._path, weights_only=True)
        for name, module in self._modules.items():
            module.load_state_dict(saved["weights"][name])
        self._optimizer.load_state_dict(saved["optimizer"])
        self._state = _State(**saved["state"])
        print(f"{self._name}: resumed at step {self._state.step}", flush=True)

    def run(
        self,
        source: Source,
        prepare: Prepare,
        loss: Loss,
        *,
        report: Callable[[], str] | None = None,
        report_every_s: float = 300.0,
        stop_at_step: int | None = None,
    ) -> None:
        """Trains to the end of the budget (or to `stop_at_step`, as an interruption would).

        Args:
            source: work by pool.
            prepare: work to batch, in a second thread while the step before it runs; draws all
                its random numbers from the moment.
            loss: named losses of one batch; their sum is minimised.
            report: something to say about the modules now and then, a word error rate.
        """
        self._resume()
        if self._ranks > 1:
            adopt_first(self._parameters)
        state = self._state
        saved_s = reported_s = logged_s = started_s = time.monotonic()
        sums: dict[str, float] = {}
        with ThreadPoolExecutor(1) as worker:
            ahead = worker.submit(self._prepare, source, prepare, self._progress)
            while self._progress < 1.0 and state.step != stop_at_step:
                batch, moment = ahead.result()
                state.step, state.index = state.step + 1, state.index + self._ranks
                ahead = worker.submit(self._prepare, source, prepare, self._progress)
                self._step(batch, moment, loss, sums)
                now_s = time.monotonic()
                elapsed_s = state.elapsed_s + now_s - started_s
                state.elapsed_s = from_first(elapsed_s) if self._ranks > 1 else elapsed_s
                if state.step % self._log_every == 0 and not self._rank:
                    self._log(sums, now_s - logged_s)
                    sums, logged_s = {}, now_s
                if report is not None and not self._rank and now_s - reported_s > report_every_s:
                    print(f"{self._name}: {state.elapsed_s:.0f} s: {report()}", flush=True)
                    reported_s = logged_s = time.monotonic()
                if now_s - saved_s > self._save_every_s:
                    self._save()
                    saved_s = now_s
                started_s = time.monotonic()
            ahead.result()
        self._save()

    @property
    def _progress(self) -> float:
        return self._budget.progress(self._state.elapsed_s, self._state.step)

    def _prepare(self, source: Source, prepare: Prepare, progress: float) -> tuple[Any, Moment]:
        """The batch of the current step; moves on to the next pool where one is used up."""
        state = self._state
        if self._work is None:
            self._work = source(state.pool, state.pool_progress)
        if state.index + self._ranks > len(self._work):
            state.pool, state.index, state.pool_progress = state.pool + 1, 0, progress
            self._work = source(state.pool, state.pool_progress)
        rng = random.Random(f"{self._seed}/step/{state.step}/{self._rank}")
        moment = Moment(state.step, progress, rng)
        return prepare(self._work[state.index + self._rank], moment), moment

    def _step(self, batch: Any, moment: Moment, loss: Loss, sums: dict[str, float]) -> None:
        torch.manual_seed(self._seed * 1_000_003 + moment.step)
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate.at(moment.progress, moment.step)
        with torch.autocast("cpu", torch.bfloat16):
            losses = loss(batch, moment)
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        if self._ranks > 1:
            average_gradients(self._parameters)
        norm = nn.utils.clip_grad_norm_(self._parameters, CLIP_NORM)
        if torch.isfinite(norm):
            self._optimizer.step()
        self._optimizer.zero_grad()
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + value.item()

    def _log(self, sums: dict[str, float], wall_s: float) -> None:
        state = self._state
        means = " ".join(f"{name} {value / self._log_every:.3f}" for name, value in sums.items())
        print(
            f"{self._name}: step {state.step} ({self._progress:.1%}, {state.elapsed_s:.0f} s) "
            f"{means} {wall_s / self._log_every:.2f} s/step",
            flush=True,
        )
