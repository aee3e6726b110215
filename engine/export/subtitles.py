"""Subtitles: SubRip (SRT) and WebVTT.

Rules, after what broadcasters agree on: two lines of 42 columns at most (a Chinese, Japanese or
Korean character takes two, so 21 of them), 1 to 7 s on screen, never two at once. A segment with
more text is divided in time in proportion to the width of its parts.
"""

import html
from collections.abc import Iterator
from dataclasses import dataclass

from engine.export.breaking import LINE_COLUMNS, fits, halves, lines, width
from engine.export.readable import one_line
from engine.export.times import stamp
from engine.transcript import Transcript

MIN_CUE_S = 1.0
"""Shorter cues stay longer, if the next one lets them."""
MAX_CUE_S = 7.0


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: when it is on screen, ms, and its one or two lines."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def render_srt(transcript: Transcript) -> str:
    """SubRip: numbered cues, comma before the milliseconds."""
    return "\n".join(
        f"{number}\n{stamp(cue.start_ms, ',')} --> {stamp(cue.end_ms, ',')}\n"
        + "".join(f"{line}\n" for line in cue.lines)
        for number, cue in enumerate(cues(transcript), start=1)
    )


def render_vtt(transcript: Transcript) -> str:
    """WebVTT: ampersand and angle brackets are escaped."""
    return "WEBVTT\n" + "".join(
        f"\n{stamp(cue.start_ms, '.')} --> {stamp(cue.end_ms, '.')}\n"
        + "".join(f"{html.escape(line, quote=False)}\n" for line in cue.lines)
        for cue in cues(transcript)
    )


def cues(transcript: Transcript) -> list[Cue]:
    """Subtitles in order of time, none overlapping; segments without words give none."""
    parts = [
        part
        for segment in sorted(transcript.segments, key=lambda s: s.start_s)
        for part in _divided(one_line(segment.text), segment.start_s, segment.end_s)
    ]
    result: list[Cue] = []
    free_ms = 0
    for index, (text, start_s, end_s) in enumerate(parts):
        start_ms = max(free_ms, round(1000 * start_s))
        longest_s = min(max(end_s, start_s + MIN_CUE_S), start_s + MAX_CUE_S)
        if index + 1 < len(parts):
            longest_s = min(longest_s, parts[index + 1][1])
        end_ms = max(start_ms + 1, round(1000 * longest_s))
        result.append(Cue(start_ms, end_ms, lines(text)))
        free_ms = end_ms
    return result


def _divided(text: str, start_s: float, end_s: float) -> Iterator[tuple[str, float, float]]:
    """(text, start_s, end_s) of parts that fit on screen and don't stay too long."""
    if not text:
        return
    too_long = end_s - start_s > MAX_CUE_S and width(text) > LINE_COLUMNS
    if fits(text) and not too_long:
        yield text, start_s, end_s
        return
    left, right = halves(text)
    share = width(left) / (width(left) + width(right))
    middle_s = start_s + share * (end_s - start_s)
    yield from _divided(left, start_s, middle_s)
    yield from _divided(right, middle_s, end_s)
