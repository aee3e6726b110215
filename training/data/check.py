"""Opens every clip once, before anything is learnt, and says what is wrong with it."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace

from engine.audio import load
from engine.errors import AudioError, EmptyAudioError, MissingAudioError, StorageError
from engine.samples import SAMPLE_RATE_HZ
from training.data.example import HELD_OUT, Example
from training.data.problems import Problem, ProblemKind


def check(
    examples: Iterable[Example],
    most_clip_s: float,
    on_clip: Callable[[int], None] = lambda count: None,
) -> tuple[list[Example], list[Problem]]:
    """Decodes every clip and keeps those that can be learnt from.

    Args:
        examples: as `training.data.read` gives them.
        most_clip_s: longer clips are left out, s.
        on_clip: told how many were looked at.

    Returns:
        The sound ones in their order, with length and digest of their samples; and the problems of
        the others.
    """
    good: list[Example] = []
    problems: list[Problem] = []
    first: dict[str, str] = {}
    for count, example in enumerate(examples, start=1):
        checked = _checked(example, most_clip_s)
        if isinstance(checked, Example) and checked.sha256 in first:
            twin = first[checked.sha256]
            checked = Problem(ProblemKind.DUPLICATE, example.source, f"It sounds just as {twin}.")
        if isinstance(checked, Example):
            first[checked.sha256] = example.source
            good.append(checked)
        else:
            problems.append(checked)
        on_clip(count)
    kept, both = _without_leaks(good)
    return kept, problems + both


def _checked(example: Example, most_clip_s: float) -> Example | Problem:
    try:
        samples = load(example.audio)
    except MissingAudioError:
        return Problem(ProblemKind.MISSING, example.source, f"There is no {example.audio}.")
    except EmptyAudioError as error:
        return Problem(ProblemKind.EMPTY, example.source, error.what)
    except (AudioError, StorageError) as error:
        return Problem(ProblemKind.UNREADABLE, example.source, error.what)
    duration_s = len(samples) / SAMPLE_RATE_HZ
    if duration_s > most_clip_s:
        what = f"It lasts {duration_s:.1f} s; the limit is {most_clip_s:g} s."
        return Problem(ProblemKind.TOO_LONG, example.source, what)
    if example.text and not samples.any():
        return Problem(ProblemKind.EMPTY, example.source, "There are words, but only silence.")
    digest = hashlib.sha256(samples.tobytes()).hexdigest()
    return replace(example, duration_s=duration_s, sha256=digest)


def _without_leaks(examples: list[Example]) -> tuple[list[Example], list[Problem]]:
    """Where the data brings its own splits, a held-out speaker must not be learnt from."""
    held_out = {e.speaker for e in examples if e.given_split == HELD_OUT and e.speaker}
    kept, problems = [], []
    for example in examples:
        if example.given_split != HELD_OUT and example.speaker in held_out:
            what = f"The speaker '{example.speaker}' is held out as well."
            problems.append(Problem(ProblemKind.BOTH_SPLITS, example.source, what))
        else:
            kept.append(example)
    return kept, problems
