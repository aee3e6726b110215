"""Clips that an adapter learnt from say nothing about it: they are not measured on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from training.evaluate.clips import EvaluationClip

if TYPE_CHECKING:
    from training.evaluate.listen import Candidate


def without_learnt(
    clips: Sequence[EvaluationClip], candidates: "Sequence[Candidate]"
) -> tuple[list[EvaluationClip], tuple[str, ...]]:
    """The clips that none of the adapters learnt from, and a sentence about the others.

    What the adapter in use learnt from goes too: on such clips a better one would look worse.
    """
    kept, sentences = list(clips), []
    for candidate in candidates:
        known = candidate.learnt.clips if candidate.learnt else frozenset()
        there = len(kept)
        kept = [clip for clip in kept if clip.id not in known]
        if len(kept) < there:
            sentences.append(
                f"{there - len(kept)} clips are among those that {candidate.name} learnt from."
            )
    return kept, tuple(sentences)
