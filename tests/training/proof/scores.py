"""Systems with scores by hand: six clips of ten words of each kind, of four sentences."""

from pathlib import Path

from training.evaluate import EvaluationClip, Group
from training.mini.voices import HELD_OUT
from training.proof.plan import Row
from training.proof.systems import Systems
from training.score import ClipScore, ErrorCount, Failure
from training.simulate.scenarios import ATOMIC, SCENARIOS

WORDS = 10

KINDS = (
    (),
    *((name,) for name in ATOMIC),
    *(next(s.parts for s in SCENARIOS if len(s.parts) == count) for count in range(2, 6)),
)
"""Conditions of the clips: none, one of each kind, two, three, four, five."""

CLIPS = [
    EvaluationClip(
        id=f"test-{number}",
        audio=Path(f"/{number}.flac"),
        text=f"sentence {number % 4}",
        group=Group.DEGRADED if kind else Group.CLEAN,
        conditions=kind,
        speaker=HELD_OUT[0].name if number % 2 else "flite:slt",
    )
    for kind in KINDS
    for number in range(6)
]

SEEDS = {
    Row.BASE: [],
    Row.SFT: [1],
    Row.GENTLE: [1],
    Row.A2S: [1, 2],
    Row.DAPO: [1, 2],
    Row.DG_WGPO: [1, 2],
}


def scores(clean: int, degraded: int) -> list[ClipScore]:
    """So many errors in every clip; six or more of them are an omission."""
    return [
        ClipScore(
            ErrorCount(deletions=count, reference_length=WORDS),
            frozenset({Failure.OMISSION} if count > 5 else ()),
        )
        for count in (degraded if clip.conditions else clean for clip in CLIPS)
    ]


SYSTEMS = Systems(
    clips=CLIPS,
    on=[bool(clip.conditions) for clip in CLIPS],
    scores={
        Row.BASE: [scores(0, 8)],
        Row.SFT: [scores(1, 6)],
        Row.GENTLE: [scores(1, 5)],
        Row.A2S: [scores(1, 5), scores(1, 3)],
        Row.DAPO: [scores(2, 5), scores(2, 4)],
        Row.DG_WGPO: [scores(1, 3), scores(1, 3)],
    },
)
"""The router is never wrong."""
