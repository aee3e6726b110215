"""Configurations as TOML and back. A key that is not known is refused, and the nearest named."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import tomli_w

from engine.errors import UsageError

T = TypeVar("T")

_KINDS = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}


def dump(config: Any) -> str:
    """Every setting, defaults included, so that a run's file tells the whole recipe."""
    return tomli_w.dumps(asdict(config))


def load(path: Path, kind: type[T]) -> T:
    """Reads a configuration.

    Raises:
        UsageError: the file cannot be read, is no TOML, or says something unknown or impossible.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", remedy="Check the path.") from error
    return parse(text, kind, str(path))


def parse(text: str, kind: type[T], source: str) -> T:
    """A configuration from TOML; ``source`` is how errors call it. Raises as `load`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source} is no TOML: {error}.", "Nothing was started.") from error
    try:
        return _dataclass(table, kind, "")
    except UsageError as error:
        remedy = error.remedy or "Correct the file and start again."
        raise UsageError(f"{source}: {error.what}", "Nothing was started.", remedy) from None


def _dataclass(table: Mapping[str, Any], kind: type[T], place: str) -> T:
    hints = get_type_hints(kind)
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise _unknown(place + key, key, known)
    values = {key: _value(value, hints[key], place + key) for key, value in table.items()}
    try:
        return kind(**values)
    except UsageError as error:
        section = f"[{place.rstrip('.')}] " if place else ""
        raise UsageError(f"{section}{error.what}", "", error.remedy) from None


def _unknown(place: str, key: str, known: list[str]) -> UsageError:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    meant = f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(known)}."
    return UsageError(f"there is no setting '{place}'.", remedy=meant)


def _value(value: Any, hint: Any, place: str) -> Any:
    if is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise UsageError(f"'{place}' must be a section, [{place}].")
        return _dataclass(value, hint, f"{place}.")  # type: ignore[arg-type]
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise UsageError(f"'{place}' must be a list in square brackets.")
        return tuple(_value(item, get_args(hint)[0], place) for item in value)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise UsageError(f"'{place}' must be {_KINDS[hint]}, not {value!r}.")
    return value
