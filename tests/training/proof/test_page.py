"""The page says what the figures say; recorded once, read by a person, compared ever after."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import StorageError
from tests.training.proof.scores import SEEDS, SYSTEMS
from training.proof.page import page
from training.proof.plan import Row
from training.proof.results import (
    ALWAYS,
    BEST,
    DEGRADED,
    FORMAT_VERSION,
    FURTHER,
    PRESENT,
    Contender,
    Learning,
    Results,
    RowResult,
    read_results,
    to_json,
)
from training.proof.sentences import order_sentence, shipping_sentence
from training.proof.stages import publish
from training.proof.systems import cells, comparisons, sizes

RESULTS = Results(
    format_version=FORMAT_VERSION,
    created_at="2026-01-02T03:04:05+00:00",
    command="python -m training.proof",
    versions={"torch": "2.13.0"},
    sha256={"base": "0123456789abcdef"},
    threshold=0.5,
    facts={"clips to learn from": 12.0, "hours of them": 0.5},
    sets=sizes(SYSTEMS),
    rows=tuple(
        RowResult(
            row=row,
            seeds=tuple(seeds),
            training_min=tuple(10.0 + seed for seed in seeds),
            held_out_wer=tuple(40.0 - 10 * len(seeds) - seed for seed in seeds or [0]),
            adapters=tuple(f"sha of {seed}" for seed in seeds),
            learning=tuple(
                Learning(100, 40, 0.5, 0.6, 0.25, 0.01) for _ in (seeds if row.starts_from else [])
            ),
            cells=cells(SYSTEMS, row),
        )
        for row, seeds in SEEDS.items()
    ),
    comparisons=tuple(comparisons(SYSTEMS, SEEDS)),
    best_row=Row.A2S,
    best_seed=2,
    further_row=Row.DAPO,
    contenders=(
        Contender(PRESENT, False, "mini", "sha", 0.5, True, "", 19.0, 1.0, 40.0, 0.0, 96.0),
        Contender(BEST, False, "2", "sha", 0.5, True, "Fine.", 18.0, 1.0, 30.0, 0.0, 96.0),
        Contender(FURTHER, True, "3", "other", 0.31, True, "Better.", 17.5, 1.5, 28.0, 2.0, 99.0),
    ),
    reference_words="10 10",
    clip_sets="0 1",
    routed="0 1",
    errors={"base": "0 8"},
)


def test_the_page_is_what_it_was(repository: Path) -> None:
    recorded = repository / "tests" / "golden" / "proof.md"
    assert page(RESULTS, "Because.\n") == recorded.read_text(encoding="utf-8")


def test_figures_come_back_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(to_json(RESULTS), encoding="utf-8")
    assert read_results(path) == RESULTS
    assert page(read_results(path)) == page(RESULTS)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(StorageError, match=r"results\.json"):
        read_results(path)


def test_what_a_person_wrote_stays_when_the_page_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "results.why.md").write_text("The reward is flat: *see* | there.\n", "utf-8")
    for _ in range(2):
        publish(RESULTS, tmp_path / "results.md")
    text = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert text.endswith("## Why\n\nThe reward is flat: *see* | there.\n")
    assert read_results(tmp_path / "results.json") == RESULTS


def test_an_order_that_holds_is_said_to_hold_and_no_other() -> None:
    assert "shown to go up (A2S-SFT + DAPO, WER reward)" in order_sentence(RESULTS, ALWAYS)
    better = tuple(
        replace(one, points=-1.0, low=-2.0, high=-0.1) if one.clips == DEGRADED else one
        for one in RESULTS.comparisons
    )
    assert "hoped for holds" in order_sentence(replace(RESULTS, comparisons=better), ALWAYS)


def test_of_what_passes_the_best_on_held_out_clips_ships() -> None:
    assert (RESULTS.ships.adapter, RESULTS.ships.own_router) == (FURTHER, True)
    assert "a router of its own, shown to be better" in shipping_sentence(RESULTS)
    present, best, own = RESULTS.contenders
    refused = replace(own, passes=False)
    assert replace(RESULTS, contenders=(present, best, refused)).ships is best
    nothing = replace(RESULTS, contenders=(present, replace(best, passes=False), refused))
    assert nothing.ships is present
    assert "as they are" in shipping_sentence(nothing)
