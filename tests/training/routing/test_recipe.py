"""From clips to a saved router, on sounds that two rules of thumb could tell apart."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.checkpoint.folder import ROUTER_FILE, ROUTER_REPORT
from engine.errors import StorageError, UsageError
from engine.router import Router, RouterNetwork, RouterSizes, load_network
from engine.samples import Samples
from training.routing import (
    RoutingError,
    RoutingExample,
    RoutingOptions,
    Step,
    TrainedRouter,
    make_router,
    train_network,
)
from training.score import Bootstrap, ErrorCount

SMALL = RouterSizes(channels=16, width=32, feed_forward=32, steps=60, hidden=16)
OPTIONS = RoutingOptions(steps=40, batch=8, rate=3e-3)
FEW = Bootstrap(resamples=50)


def tone(rng: np.random.Generator, hiss: bool, seconds: float = 0.6) -> Samples:
    """A tone, with or without hiss over it."""
    time_s = np.arange(int(16_000 * seconds)) / 16_000
    wave = 0.3 * np.sin(2 * np.pi * rng.uniform(200, 800) * time_s)
    if hiss:
        wave = wave + 0.1 * rng.standard_normal(len(wave))
    return wave.astype(np.float32)


def clips(count: int, seed: int) -> list[RoutingExample]:
    """On hiss the robust route saves four edits; on tones it costs one."""
    rng = np.random.default_rng(seed)
    return [
        RoutingExample(
            tone(rng, hiss, rng.uniform(0.3, 0.8)),
            degraded=hiss,
            base=ErrorCount(5 if hiss else 1, 0, 0, 10),
            robust=ErrorCount(1 if hiss else 2, 0, 0, 10),
            group=f"recording {number // 2}",
        )
        for number in range(count)
        for hiss in [number % 2 == 1]
    ]


def small() -> RouterNetwork:
    torch.manual_seed(1)
    return RouterNetwork(SMALL)


@pytest.fixture(scope="module")
def trained() -> TrainedRouter:
    return make_router(clips(48, 0), clips(24, 1), OPTIONS, start=small(), bootstrap=FEW)


def test_it_learns_and_is_calibrated(trained: TrainedRouter) -> None:
    report = trained.report
    assert report.accuracy == 1.0
    assert report.after.error < 0.1
    assert report.choice is not None
    assert report.choice.robust_share == 0.5
    assert report.choice.routed is not None
    assert report.choice.routed.estimate == pytest.approx(1 / 10)
    assert report.choice.over_base is not None
    assert report.choice.over_base.interval.excludes_zero


def test_it_is_saved_as_the_engine_reads_it(trained: TrainedRouter, tmp_path: Path) -> None:
    trained.save(tmp_path)
    router = Router.load(tmp_path / ROUTER_FILE)
    rng = np.random.default_rng(5)
    clean, hissing = router.probabilities([tone(rng, False), tone(rng, True)])
    report = json.loads((tmp_path / ROUTER_REPORT).read_text(encoding="utf-8"))
    assert clean < report["threshold"] <= hissing
    assert report["options"]["steps"] == 40
    assert report["reliability"]["after"]["bins"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [ROUTER_REPORT, ROUTER_FILE]
    _assert_equal(load_network(tmp_path / ROUTER_FILE), trained.network)
    with pytest.raises(StorageError):
        trained.save(tmp_path / "absent")


def test_the_benefit_overrules_the_class() -> None:
    # Hiss that the adapter makes worse, as users report: it must not go to the robust route.
    rng = np.random.default_rng(3)
    examples = [
        RoutingExample(
            tone(rng, hiss),
            degraded=hiss,
            base=ErrorCount(2 if hiss else 6, 0, 0, 10),
            robust=ErrorCount(6 if hiss else 2, 0, 0, 10),
        )
        for hiss in [False, True] * 24
    ]
    start = small()
    made = make_router(examples[:32], examples[32:], OPTIONS, start=start, bootstrap=FEW)
    _assert_equal(start, small())
    assert made.report.accuracy == 0.0
    assert made.report.choice is not None
    assert made.report.choice.routed is not None
    assert made.report.choice.routed.estimate == pytest.approx(0.2)


def test_the_same_seed_gives_the_same_network() -> None:
    options = RoutingOptions(steps=3, batch=4)
    first, second = (train_network(clips(12, 0), options, small())[0] for _ in range(2))
    _assert_equal(first, second)


def test_training_leaves_the_random_numbers_of_others_alone() -> None:
    network = small()
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    train_network(clips(4, 0), RoutingOptions(steps=1, batch=2), network)
    assert torch.rand(1) == expected


def test_steps_are_told_and_the_rate_rises_and_falls() -> None:
    told: list[Step] = []
    options = RoutingOptions(steps=20, batch=1)
    _, steps = train_network(clips(4, 0), options, small(), told.append)
    assert told == steps
    assert [step.number for step in steps] == list(range(1, 21))
    assert max(step.rate for step in steps) == pytest.approx(options.rate)
    assert steps[-1].rate < 0.1 * options.rate


def test_a_clip_longer_than_the_network_hears_is_cropped_and_cut() -> None:
    rng = np.random.default_rng(2)
    examples = [RoutingExample(tone(rng, hiss, 6.0), degraded=hiss) for hiss in (False, True) * 4]
    options = RoutingOptions(steps=30, batch=4, rate=3e-3)
    made = make_router(examples, examples, options, start=small(), bootstrap=FEW)
    assert made.report.accuracy == 1.0
    assert made.report.choice is None
    assert made.report.threshold == 0.5


def test_clips_that_say_nothing_are_refused() -> None:
    tie = ErrorCount(1, 0, 0, 10)
    examples = [RoutingExample(np.zeros(1600, np.float32), base=tie, robust=tie)] * 4
    with pytest.raises(RoutingError, match="No clip says"):
        train_network(examples, OPTIONS, small())


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"batch": 0}, {"rate": 0.0}, {"prior_edits": -1.0}]
)
def test_options_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        RoutingOptions(**wrong)  # type: ignore[arg-type]


def _assert_equal(one: RouterNetwork, other: RouterNetwork) -> None:
    for name, value in one.state_dict().items():
        torch.testing.assert_close(value, other.state_dict()[name], rtol=0, atol=0)
