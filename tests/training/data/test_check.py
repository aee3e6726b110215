"""Clips that nothing can be learnt from, and the side each of the others is on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from training.data import Example, ProblemKind, check, split
from training.data.example import HELD_OUT, TRAIN
from training.data.problems import counts


@pytest.fixture
def clip(tmp_path: Path) -> Example:
    noise = np.random.default_rng(0).normal(0.0, 0.1, 16_000)
    soundfile.write(tmp_path / "clip.wav", noise, 16_000)
    return Example(tmp_path / "clip.wav", "Hello", "English", source="line 1")


def kinds(example: Example, most_clip_s: float = 30.0) -> list[ProblemKind]:
    good, problems = check([example], most_clip_s)
    assert good == []
    return [problem.kind for problem in problems]


def test_a_sound_clip_is_measured(clip: Example) -> None:
    (good,), problems = check([clip], 30.0)
    assert problems == []
    assert good.duration_s == 1.0
    assert len(good.sha256) == 64


def test_a_missing_file(clip: Example, tmp_path: Path) -> None:
    assert kinds(replace(clip, audio=tmp_path / "no.wav")) == [ProblemKind.MISSING]


def test_a_file_that_is_no_audio(clip: Example) -> None:
    clip.audio.write_bytes(b"not a wave file at all")
    assert kinds(clip) == [ProblemKind.UNREADABLE]


def test_a_file_without_samples(clip: Example) -> None:
    soundfile.write(clip.audio, np.zeros(0), 16_000)
    assert kinds(clip) == [ProblemKind.EMPTY]


def test_words_over_digital_silence(clip: Example) -> None:
    soundfile.write(clip.audio, np.zeros(16_000), 16_000)
    assert kinds(clip) == [ProblemKind.EMPTY]


def test_a_clip_over_the_limit(clip: Example) -> None:
    assert kinds(clip, most_clip_s=0.9) == [ProblemKind.TOO_LONG]


def test_the_same_samples_under_another_name_count_once(clip: Example, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "twin.wav", soundfile.read(clip.audio)[0], 16_000)
    twin = replace(clip, audio=tmp_path / "twin.wav", source="line 2")
    good, problems = check([clip, twin], 30.0)
    assert [e.source for e in good] == ["line 1"]
    assert counts(problems) == {"duplicate": 1}
    assert "line 1" in problems[0].what


def test_a_speaker_whom_the_data_puts_on_both_sides_is_not_learnt_from(
    clip: Example, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "2.wav", soundfile.read(clip.audio)[0][::-1], 16_000)
    learnt = replace(clip, speaker="anna", given_split=TRAIN)
    measured = replace(
        clip, audio=tmp_path / "2.wav", speaker="anna", given_split=HELD_OUT, source="line 2"
    )
    good, problems = check([learnt, measured], 30.0)
    assert [e.source for e in good] == ["line 2"]
    assert [p.kind for p in problems] == [ProblemKind.BOTH_SPLITS]


def speakers(count: int) -> list[Example]:
    return [
        Example(Path("x"), "Hi", "English", speaker=f"speaker {number // 3}", sha256=str(number))
        for number in range(3 * count)
    ]


def test_no_speaker_is_on_both_sides_and_the_share_is_about_right() -> None:
    sides: dict[str, set[str]] = {}
    for example in split(speakers(1000), 0.1):
        sides.setdefault(example.speaker, set()).add(example.split)
    assert all(len(side) == 1 for side in sides.values())
    assert 70 < sum(side == {HELD_OUT} for side in sides.values()) < 130


def test_more_data_moves_nobody() -> None:
    before = {e.sha256: e.split for e in split(speakers(20), 0.2)}
    after = {e.sha256: e.split for e in split(speakers(40)[::-1], 0.2)}
    assert {key: after[key] for key in before} == before


def test_what_the_data_says_itself_counts() -> None:
    given = [replace(e, given_split=HELD_OUT) for e in speakers(5)]
    assert {e.split for e in split(given, 0.0)} == {HELD_OUT}


def test_what_the_data_says_of_a_speaker_counts_for_all_his_clips() -> None:
    clips = [
        replace(e, given_split=TRAIN if number % 3 == 0 else "")
        for number, e in enumerate(speakers(5))
    ]
    assert {e.split for e in split(clips, 0.99)} == {TRAIN}
