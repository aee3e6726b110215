"""Figures by hand: rates, seeds, routes, pairs of seeds."""

from tests.training.proof.scores import CLIPS, SEEDS, SYSTEMS
from training.proof.plan import Row
from training.proof.results import (
    ALWAYS,
    BASE_RIGHT,
    BEYOND,
    BY_BASE,
    CLEAN,
    DEGRADED,
    LEARNABLE,
    ROUTED,
)
from training.proof.systems import SETS, cells, comparisons, heard_by_base, sets_of, sizes
from training.score import ErrorCount


def test_a_cell_is_the_mean_over_seeds_and_tells_each() -> None:
    cell = cells(SYSTEMS, Row.A2S)[ALWAYS][DEGRADED]
    assert (cell.wer, cell.by_seed) == (40.0, (50.0, 30.0))
    assert cell.low <= 40.0 <= cell.high
    assert cell.failures["omission"] == 0.0


def test_the_kinds_of_errors_make_up_the_rate() -> None:
    cell = cells(SYSTEMS, Row.A2S)[ALWAYS][DEGRADED]
    assert (cell.substitutions, cell.deletions, cell.insertions) == (0.0, 40.0, 0.0)
    assert cell.written == 60.0


def test_failures_are_shares_of_the_clips() -> None:
    failures = cells(SYSTEMS, Row.BASE)[ALWAYS][DEGRADED].failures
    assert (failures["omission"], failures["any"], failures["empty"]) == (100.0, 100.0, 0.0)


def test_behind_the_router_clean_clips_are_the_bases() -> None:
    found = cells(SYSTEMS, Row.DAPO)
    assert found[ALWAYS][CLEAN].wer == 20.0
    assert found[ROUTED][CLEAN].wer == 0.0
    assert found[ROUTED][DEGRADED] == found[ALWAYS][DEGRADED]


def test_seeds_are_compared_with_their_like_and_all_with_the_only_one() -> None:
    found = {
        (one.row, one.other): one
        for one in comparisons(SYSTEMS, SEEDS)
        if (one.route, one.clips) == (ALWAYS, DEGRADED)
    }
    paired = found[Row.DAPO, Row.A2S]
    assert (paired.points, paired.better_pairs, paired.pairs) == (5.0, 0, 2)
    assert paired.verdict == "worse"
    only = found[Row.A2S, Row.SFT]
    assert (only.points, only.better_pairs, only.pairs) == (-20.0, 2, 2)
    assert only.verdict == "better"


def test_a_difference_whose_interval_holds_zero_is_not_shown() -> None:
    same = next(
        one
        for one in comparisons(SYSTEMS, SEEDS)
        if (one.row, one.other, one.route, one.clips) == (Row.SFT, Row.BASE, ROUTED, CLEAN)
    )
    assert (same.points, same.verdict) == (0.0, "not shown")


def test_every_clip_is_in_its_own_set_and_in_what_gathers_them() -> None:
    assert {name for clip in CLIPS for name in sets_of(clip)} == set(SETS) - set(BY_BASE)
    counts = {name: one.clips for name, one in sizes(SYSTEMS).items()}
    assert counts[CLEAN] == counts["noise"] == counts["4 effects"] == 6
    assert counts[DEGRADED] == 66
    assert counts["degraded, new voices"] == 33


def test_degraded_clips_are_told_apart_by_what_the_base_makes_of_them() -> None:
    clean, degraded = CLIPS[0], CLIPS[-1]
    counts = [ErrorCount(deletions=errors, reference_length=10) for errors in (0, 7, 8)]
    found = [heard_by_base(degraded, count) for count in counts]
    assert found == [[BASE_RIGHT], [LEARNABLE], [BEYOND]]
    assert heard_by_base(clean, counts[0]) == []


def test_a_set_without_clips_is_left_out() -> None:
    found = sizes(SYSTEMS)
    assert found[BEYOND].clips == 66
    assert LEARNABLE not in found
    assert LEARNABLE not in cells(SYSTEMS, Row.A2S)[ALWAYS]


def test_the_sizes_tell_what_the_router_does() -> None:
    found = sizes(SYSTEMS)
    assert (found[CLEAN].routed_share, found[DEGRADED].routed_share) == (0.0, 100.0)
    assert found[CLEAN].words == 60
