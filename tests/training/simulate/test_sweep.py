"""A sweep of severity, with the shipped model and speech that it understands."""

from pathlib import Path

import pytest

from engine import audio
from engine.models import located
from engine.recognizer import Recognizer
from engine.router import Router
from training.score import ErrorCount
from training.simulate.effect import Materials
from training.simulate.sweep import Level, Spoken, rank_correlation, sweep

# Two sentences of the sample that are clean there.
SENTENCES = [
    (0.4, 4.1, "The flight from London to Vienna takes three hours."),
    (8.8, 11.6, "The budget report is due next Tuesday."),
]


@pytest.fixture(scope="module")
def clips(repository: Path) -> list[Spoken]:
    path = repository / "resources" / "samples" / "wild-afternoon.flac"
    return [Spoken(audio.load_span(path, start, end), text) for start, end, text in SENTENCES]


def test_what_gets_worse_is_heard_worse(clips: list[Spoken], materials: Materials) -> None:
    folder = located("mini")
    assert folder.router is not None
    router, recognizer = Router.load(folder.router), Recognizer.load(folder, "cpu")
    told: list[Level] = []
    levels = sweep(
        "noise", clips, materials, router, recognizer, severities=(0.0, 1.0), on_level=told.append
    )
    easy, hard = levels
    assert told == levels
    assert easy.errors.reference_length == hard.errors.reference_length == 16
    assert easy.word_error_rate < hard.word_error_rate
    assert easy.degraded_probability < hard.degraded_probability
    again = sweep("noise", clips, materials, router, recognizer, severities=(0.0, 1.0))
    assert again == levels


def test_rank_correlation_is_of_order_not_of_size() -> None:
    rising = [Level(m, 0.5, ErrorCount(substitutions=n, reference_length=10))
              for m, n in ((0.0, 0), (0.5, 1), (1.0, 9))]  # fmt: skip
    assert rank_correlation(rising) == pytest.approx(1.0)
    assert rank_correlation([rising[2], Level(2.0, 0.5, rising[0].errors)]) == pytest.approx(-1.0)
