"""A row a segment, as RFC 4180 has it: commas, quotes where needed, CRLF."""

import csv
import io

from engine.export.readable import one_line
from engine.transcript import Transcript

COLUMNS = (
    *("start_s", "end_s", "text", "language", "route", "degraded_probability", "decided_by"),
    *("confidence", "flags", "edited"),
)


def render_csv(transcript: Transcript) -> str:
    """With a head line; absent values are empty, flags separated by spaces.

    A text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for segment in transcript.segments:
        probability = segment.degraded_probability
        writer.writerow(
            (
                f"{segment.start_s:.3f}",
                f"{segment.end_s:.3f}",
                _harmless(one_line(segment.text)),
                _harmless(segment.language or ""),
                segment.route.value,
                "" if probability is None else f"{probability:.4f}",
                segment.decided_by.value,
                f"{segment.confidence:.4f}",
                " ".join(flag.value for flag in segment.flags),
                "yes" if segment.edited else "no",
            )
        )
    return file.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
