"""Processes that train as one: the same weights everywhere, from the gradients of all."""

from pathlib import Path

import pytest
import torch
from torch import nn

from training.mini.loop import Budget, Rate, Trainer
from training.mini.parallel import rank_and_count, run_ranks


def _fit(folder: Path) -> None:
    """Every process sees another number; the best single weight is their mean."""
    torch.manual_seed(rank_and_count()[0])
    model = nn.Linear(1, 1, bias=False)
    trainer = Trainer(
        "test", folder, {"model": model}, seed=1,
        rate=Rate(0.1, warm_up_steps=1, decay_from=0.0), budget=Budget(steps=200), log_every=1000,
    )  # fmt: skip
    trainer.run(
        lambda number, progress: [torch.tensor([1.0]), torch.tensor([3.0])],
        lambda target, moment: target,
        lambda target, moment: {"square": (model(torch.ones(1)).float() - target).square().sum()},
    )
    torch.save(model.weight.detach(), folder / f"{rank_and_count()[0]}.pt")


def _fail_second() -> None:
    if rank_and_count()[0]:
        raise ValueError("no such corpus")


def test_two_processes_learn_the_same_from_both(tmp_path: Path) -> None:
    run_ranks(_fit, (tmp_path,), 2)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert torch.equal(first, second)
    assert float(first) == pytest.approx(2.0, abs=0.05)


def test_a_process_that_fails_ends_them_all() -> None:
    with pytest.raises(torch.multiprocessing.ProcessRaisedException, match="no such corpus"):
        run_ranks(_fail_second, (), 2)
