"""Where an adapter comes from, as plain data: ``lineage.json`` beside its weights."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from training.adapters.errors import AdapterError
from training.adapters.plain import is_plain, strings

FILE = "lineage.json"
FORMAT_VERSION = 1
DEEPEST = 16
"""Lists and objects inside each other. Settings of a run have three."""

TOOLS = ("wildscribe", "torch", "transformers", "peft", "trl")


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where an adapter comes from.

    Attributes:
        base: name of the base model, for people.
        base_sha256: of its weights, see `engine.checkpoint.fingerprint`.
        data_sha256: of the training data, as the run states it; None when unknown.
        recipe: settings of the run, JSON values.
        seeds: of the run.
        metrics: name -> value, as the run measured them; units in the names.
        licence: SPDX expression, or words; empty when nobody said.
        parent_sha256: the adapter it was trained on from, see
            `training.adapters.fingerprint.adapter_sha256`; None when it began from nothing.
        threshold: degraded probability from which its own router sends speech to it; None for the
            usual one.
        learnt_sha256: of ``learnt.txt``, see `training.adapters.learnt`; None when nobody knows
            which clips it learnt from.
        learnt_in_full: ``learnt.txt`` names all of them; False where it was trained on from an
            adapter that does not tell its own.
        created_at: ISO 8601, UTC.
        tool_versions: package -> version.
    """

    base: str
    base_sha256: str
    data_sha256: str | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    licence: str = ""
    parent_sha256: str | None = None
    threshold: float | None = None
    learnt_sha256: str | None = None
    learnt_in_full: bool = False
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat("T", "seconds"))
    tool_versions: Mapping[str, str] = field(default_factory=lambda: installed(TOOLS))


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Version of each package that is installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def write_lineage(lineage: Lineage, folder: Path) -> None:
    """Writes ``lineage.json``.

    Raises:
        OSError: the folder cannot be written.
    """
    content = {"format_version": FORMAT_VERSION, **asdict(lineage)}
    text = json.dumps(content, ensure_ascii=False, indent=2)
    (folder / FILE).write_text(text + "\n", encoding="utf-8", newline="\n")


def read_lineage(folder: Path) -> Lineage:
    """Reads ``lineage.json``.

    Raises:
        AdapterError: it is absent, damaged, or of a version that is not known here.
    """
    path = folder / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise AdapterError(f"{path} cannot be read: {error}.") from error
    if not isinstance(content, dict) or content.pop("format_version", None) != FORMAT_VERSION:
        raise AdapterError(
            f"{path} is no lineage of a version known here.", remedy="Use a newer Wildscribe."
        )
    wrong = [name for name, fits in _FITS.items() if name in content and not fits(content[name])]
    required = {"base", "base_sha256", "created_at", "tool_versions"}
    if wrong or required - content.keys() or content.keys() - _FITS.keys():
        raise AdapterError(
            f"{path} is damaged: {', '.join(wrong) or 'fields are missing or unknown'}."
        )
    try:
        for _ in strings(content, DEEPEST):
            pass
    except ValueError as error:
        raise AdapterError(f"{path} is damaged: {error}.") from error
    return Lineage(**{**content, "seeds": tuple(content.get("seeds", ()))})


def require_plain(lineage: Lineage) -> None:
    """Lets a lineage pass only where every word of it may be shown on a terminal.

    Raises:
        AdapterError: some of it would do something to the terminal.
    """
    for name, value in asdict(lineage).items():
        if not all(map(is_plain, strings(value, DEEPEST))):
            raise AdapterError(
                f"In {FILE}, {name} holds control characters, which no honest text needs.",
                "Nothing was added.",
                "Get the adapter from somebody you trust, or take the characters out.",
            )


def _number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)  # JSON as Python reads it has NaN and Infinity, too
    return isinstance(value, int) and not isinstance(value, bool)


def _text_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


def _digest_or_none(value: object) -> bool:
    return value is None or (
        isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None
    )


def _values(fits: Any) -> Any:
    return lambda value: isinstance(value, dict) and all(map(fits, value.values()))


_FITS = {
    "base": lambda value: isinstance(value, str),
    "base_sha256": lambda value: isinstance(value, str),
    "data_sha256": _text_or_none,
    "recipe": lambda value: isinstance(value, dict),
    "seeds": lambda value: isinstance(value, list) and all(isinstance(s, int) for s in value),
    "metrics": _values(_number),
    "licence": lambda value: isinstance(value, str),
    "parent_sha256": _text_or_none,
    "threshold": lambda value: value is None or (_number(value) and 0 <= value <= 1),
    "learnt_sha256": _digest_or_none,
    "learnt_in_full": lambda value: isinstance(value, bool),
    "created_at": lambda value: isinstance(value, str),
    "tool_versions": _values(lambda value: isinstance(value, str)),
}
