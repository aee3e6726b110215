"""Predictions in the record format of Voices-in-the-Wild-Bench: one JSON object a line.

``index, audio_path, question, answer, subset, name, prediction``; only ``answer``, ``subset``
("sim-en-noise": origin, language, category) and ``prediction`` are needed to score.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import UsageError

ORIGINS = ("real", "sim")
LANGUAGES = ("en", "zh")

PUBLIC_CATEGORY = {
    "barrier": "obstructed",
    "crosstalk": "recording",
    "strong_echo": "echo",
    "stutter": "dropout",
}
"""Names in the reference code -> public names; every other category is called the same."""


class RecordError(UsageError):
    """A line of a predictions file cannot be scored."""


@dataclass(frozen=True, slots=True)
class Record:
    """One clip with what was said and what was heard.

    Attributes:
        reference: what was said ("answer").
        prediction: what was heard; may be empty.
        origin: "real" or "sim".
        language: "en" or "zh".
        category: public name of the condition.
        name: of the clip; may be empty.
    """

    reference: str
    prediction: str
    origin: str
    language: str
    category: str
    name: str = ""


def read_records(path: Path) -> list[Record]:
    """Reads a predictions file (UTF-8, blank lines skipped).

    Raises:
        RecordError: the file cannot be read, or a line of it cannot be scored; names the line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise RecordError(
            f"{path} cannot be read: {error.strerror or error}.", remedy="Check the path."
        ) from error
    return list(parse_records(lines, str(path)))


def parse_records(lines: Iterable[bytes], source: str) -> Iterator[Record]:
    """Parses lines one by one; ``source`` is how errors call the file."""
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not text.strip():
            continue
        try:
            yield parse_record(text)
        except RecordError as error:
            raise RecordError(f"{source}, line {number}: {error.what}", "", error.remedy) from None


def parse_record(line: bytes) -> Record:
    """Parses one line.

    Raises:
        RecordError: not UTF-8, not a JSON object, or a field is missing or of the wrong kind.
    """
    try:
        fields = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RecordError("not UTF-8.", remedy="Save the file as UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(f"not JSON: {error}.", remedy="Write one JSON object a line.") from error
    if not isinstance(fields, dict):
        raise RecordError("not a JSON object.", remedy="Write one JSON object a line.")
    origin, language, category = _subset(_text(fields, "subset"))
    return Record(
        reference=_text(fields, "answer"),
        prediction=_text(fields, "prediction"),
        origin=origin,
        language=language,
        category=category,
        name=str(fields.get("name", "")),
    )


def _text(fields: dict[str, Any], key: str) -> str:
    if key not in fields:
        raise RecordError(f'"{key}" is missing.', remedy=f'Add "{key}" to the record.')
    value = fields[key]
    if not isinstance(value, str):
        raise RecordError(
            f'"{key}" is {json.dumps(value)[:40]}, not a text.', remedy="Put it in quotes."
        )
    return value


def _subset(subset: str) -> tuple[str, str, str]:
    origin, _, rest = subset.lower().partition("-")
    language, _, category = rest.partition("-")
    if origin not in ORIGINS or language not in LANGUAGES or not category:
        raise RecordError(
            f'"subset" is "{subset}", not origin-language-category.',
            remedy='Write it like "sim-en-noise": real or sim, en or zh, and the condition.',
        )
    return origin, language, PUBLIC_CATEGORY.get(category, category)
