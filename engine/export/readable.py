"""For reading: plain text, and Markdown with times and routes."""

import re
from pathlib import PurePath

from engine.export.times import clock
from engine.transcript import Route, Segment, Transcript

_MARKS = {Route.BASE: "○", Route.ROBUST: "◆"}
"""Shape as well as colour tells the routes apart, everywhere in Wildscribe."""

_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~])")


def render_txt(transcript: Transcript) -> str:
    """The words, one line a segment; segments without words are left out."""
    lines = (one_line(segment.text) for segment in transcript.segments)
    return "".join(f"{line}\n" for line in lines if line)


def render_md(transcript: Transcript) -> str:
    """A heading, what was done, warnings, then a paragraph a segment with time and route."""
    lines = [f"# {_escaped(PurePath(transcript.source).name)}", "", _summary(transcript), ""]
    lines += [f"> **Warning:** {_escaped(one_line(w))}\n" for w in transcript.warnings]
    if not transcript.complete:
        lines += ["> **Incomplete:** the transcription was stopped before the end.\n"]
    lines += [f"{_paragraph(segment)}\n" for segment in transcript.segments]
    return "\n".join(lines).rstrip("\n") + "\n"


def one_line(text: str) -> str:
    """Single spaces instead of any white space."""
    return " ".join(text.split())


def _summary(transcript: Transcript) -> str:
    parts = [clock(transcript.duration_s)]
    if transcript.model:
        parts.append(f"model {_escaped(transcript.model)}")
    parts += [
        f"threshold {transcript.threshold:g}",
        f"{_MARKS[Route.BASE]} Base {1 - transcript.robust_share:.0%}",
        f"{_MARKS[Route.ROBUST]} Robust {transcript.robust_share:.0%}",
    ]
    return " · ".join(parts)


def _paragraph(segment: Segment) -> str:
    text = _escaped(one_line(segment.text)) or "*no words*"
    edited = " *(edited)*" if segment.edited else ""
    return f"**{clock(segment.start_s)} {_MARKS[segment.route]}** {text}{edited}"


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)
