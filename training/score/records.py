"""Predictions in the record format of Voices-in-the-Wild-Bench: one JSON object a line.

``index, audio_path, question, answer, subset, combination, source_scenes, name, prediction`` and
more; only ``answer`` is needed to score. As in the benchmark, a record without a prediction was
answered with nothing, ``subset`` ("sim-en-noise") says origin and language, and whatever it does
not say is "unknown", and English. Two things are errors here and not there, none of which its own
records have: no answer, which it takes for an empty one, and a text that is no text, null say,
which it takes for the word "None".
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import UsageError
from training.score.bench_labels import (
    BENCH_CATEGORIES,
    bench_category,
    bench_language,
    bench_origin,
)

PUBLIC_CATEGORY: Mapping[str, str] = MappingProxyType(
    {
        "barrier": "obstructed",
        "crosstalk": "recording",
        "strong_echo": "echo",
        "stutter": "dropout",
    }
)
"""Names in the reference code -> our names of conditions; every other one is called the same. The
benchmark's results say "strong_echo"; see `Record.bench_category`."""

_NO_CONDITION = frozenset({"real", "sim", "en", "zh"})
_NAMES = frozenset({*BENCH_CATEGORIES, *PUBLIC_CATEGORY, *PUBLIC_CATEGORY.values()})


class RecordError(UsageError):
    """A line of a predictions file cannot be scored."""


@dataclass(frozen=True, slots=True)
class Record:
    """One clip with what was said and what was heard.

    Attributes:
        reference: what was said ("answer").
        prediction: what was heard; may be empty.
        origin: "real", "sim" or "unknown".
        language: "en" or "zh".
        category: our name of the condition, "mixed" for several, "unknown" for none.
        name: of the clip; may be empty.
        bench_category: where the benchmark's own scorer files the clip; may be empty.
    """

    reference: str
    prediction: str
    origin: str
    language: str
    category: str
    name: str = ""
    bench_category: str = ""


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
    subset = str(fields.get("subset", "")).lower()
    combination = str(fields.get("combination", "")).lower()
    language = str(fields.get("lang", fields.get("language", ""))).lower()
    scenes = _scenes(fields)
    return Record(
        reference=_text(fields, "answer"),
        prediction=_text({"prediction": ""} | fields, "prediction"),
        origin=bench_origin(subset),
        language=bench_language(subset, language),
        category=_condition(subset, str(fields.get("combination") or "").lower(), scenes),
        name=str(fields.get("name", "")),
        bench_category=bench_category(subset, combination, scenes),
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


def _scenes(fields: dict[str, Any]) -> list[str]:
    scenes = fields.get("source_scenes") or []
    if not isinstance(scenes, list):
        raise RecordError(
            f'"source_scenes" is {json.dumps(scenes)[:40]}, not a list.',
            remedy='Write it like ["noise", "far_field"].',
        )
    return [str(scene) for scene in scenes]


def _condition(subset: str, combination: str, scenes: Sequence[str]) -> str:
    """The condition that is meant: where the benchmark's rule errs, the record's own words hold."""
    several = len({PUBLIC_CATEGORY.get(scene, scene) for scene in scenes}) > 1
    joined = combination not in _NAMES and not {"_", "+"}.isdisjoint(combination)
    if "mixed" in subset or several or joined:
        return "mixed"
    last = subset.rpartition("-")[2]
    named = [*scenes, combination, "" if last in _NO_CONDITION else last]
    name = next(filter(None, named), "unknown")
    return PUBLIC_CATEGORY.get(name, name)
