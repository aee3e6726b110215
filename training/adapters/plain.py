"""Words that came with somebody else's file: what of them may go to a terminal."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

_OTHER_LINE = {"\t", "\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"}
_UNSAFE_KINDS = {"Cc", "Cs"}
"""Control characters, with which a text can rewrite the screen; and halves of a surrogate pair,
which no terminal can be sent."""

_TURNS_TEXT = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
"""Embeddings, overrides and isolates: they make a line read as another than it is."""


def plain(text: str) -> str:
    """The text on one line; what could do anything to a terminal shows as U+FFFD."""
    return "".join(map(_shown, text))


def is_plain(text: str) -> bool:
    """Whether `plain` leaves the text as it is."""
    return plain(text) == text


def strings(value: Any, deepest: int) -> Iterator[str]:
    """Every text inside JSON values, keys included.

    Args:
        value: as read from a file.
        deepest: so many lists and objects inside each other.

    Raises:
        ValueError: they lie deeper. Whatever walks through them later would overrun its stack.
    """
    if isinstance(value, str):
        yield value
        return
    if isinstance(value, Mapping):
        parts = [*value, *value.values()]
    elif isinstance(value, (list, tuple)):
        parts = list(value)
    else:
        return
    if deepest == 0:
        raise ValueError("its settings lie too deep inside each other")
    for part in parts:
        yield from strings(part, deepest - 1)


def _shown(character: str) -> str:
    if character in _OTHER_LINE:
        return " "
    unsafe = unicodedata.category(character) in _UNSAFE_KINDS or character in _TURNS_TEXT
    return "\N{REPLACEMENT CHARACTER}" if unsafe else character
