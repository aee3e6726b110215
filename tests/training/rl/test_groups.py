"""Batches of rollouts: cut with the audio of their clips, joined by their own sides, muted."""

import pytest
import torch

from training.rl.groups import Batch, joined, muted, parts, rows

FILLER = 9


def batch(rows: int, prompt: int, answer: int, frames: int, clips: int = 1) -> Batch:
    return {
        "prompt_ids": torch.full((rows, prompt), 1),
        "prompt_mask": torch.ones(rows, prompt, dtype=torch.long),
        "completion_ids": torch.full((rows, answer), 2),
        "completion_mask": torch.ones(rows, answer, dtype=torch.long),
        "advantages": torch.arange(rows, dtype=torch.float32),
        "num_items_in_batch": torch.tensor(rows * answer),
        "input_features": torch.arange(1.0, clips + 1)[:, None, None].expand(clips, 3, frames),
        "input_features_mask": torch.ones(clips, frames, dtype=torch.long),
    }


def test_prompts_grow_on_the_left_and_all_else_on_the_right() -> None:
    parts = [rows(b, 0, 2) for b in (batch(2, 2, 4, 10), batch(2, 3, 1, 20))]
    whole = joined(parts, FILLER)
    assert whole["prompt_ids"].tolist() == [[FILLER, 1, 1]] * 2 + [[1, 1, 1]] * 2
    assert whole["prompt_mask"].tolist() == [[0, 1, 1]] * 2 + [[1, 1, 1]] * 2
    assert (
        whole["completion_ids"].tolist() == [[2, 2, 2, 2]] * 2 + [[2, FILLER, FILLER, FILLER]] * 2
    )
    assert whole["completion_mask"].tolist() == [[1, 1, 1, 1]] * 2 + [[1, 0, 0, 0]] * 2
    assert whole["input_features"].shape == (2, 3, 20)
    assert whole["input_features"][0, :, 10:].abs().max() == 0
    assert whole["input_features_mask"].sum(dim=1).tolist() == [10, 20]
    assert whole["advantages"].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("count", "heard"),
    [(1, [[1, 2, 3]]), (3, [[1], [2], [3]]), (6, [[1], [1], [2], [2], [3], [3]])],
)
def test_parts_bring_the_audio_of_the_clips_that_they_are_of(
    count: int, heard: list[list[int]]
) -> None:
    whole = batch(12, 2, 4, 10, clips=3)
    found = parts(whole, count)
    assert torch.cat([part["advantages"] for part in found]).tolist() == list(range(12))
    assert [part["input_features"][:, 0, 0].tolist() for part in found] == heard
    assert {int(part["num_items_in_batch"]) for part in found} == {48}


def test_the_divisor_counts_the_tokens_of_the_rows_that_learn() -> None:
    kept, silent = rows(batch(2, 2, 4, 10), 0, 2), rows(batch(2, 2, 5, 10), 0, 2)
    whole = joined([kept, muted(silent)], FILLER)
    assert whole["num_items_in_batch"].item() == 8
    assert len(whole["completion_ids"]) == 4
    assert silent["completion_mask"].sum() == 10  # the original is as it was
