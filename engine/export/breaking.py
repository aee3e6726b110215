"""Where a text may be broken, and where it is broken best.

Between words, and between the characters of scripts that write no spaces, but never before a
closing mark or behind an opening one. A single word wider than a line is broken anywhere.
"""

import unicodedata
from itertools import accumulate

LINE_COLUMNS = 42
_CLOSING = ("Pe", "Pf", "Po")
_OPENING = ("Ps", "Pi")
_SENTENCE_END = frozenset(".!?\N{IDEOGRAPHIC FULL STOP}")
_CLAUSE_END = frozenset(",;:\N{IDEOGRAPHIC COMMA}")
_SENTENCE_BONUS, _CLAUSE_BONUS = 0.3, 0.15
"""Share of the width by which a break may lie off the middle to fall on punctuation."""


def width(text: str) -> int:
    """Columns that ``text`` takes: 2 for East Asian wide characters, 0 for combining marks."""
    return sum(map(_columns, text))


def fits(text: str) -> bool:
    """Whether two lines hold it."""
    return width(text) <= LINE_COLUMNS or _line_break(_units(text)) is not None


def lines(text: str) -> tuple[str, ...]:
    """One line, or two about as wide as each other, of a text that fits."""
    if width(text) <= LINE_COLUMNS:
        return (text,)
    units = _units(text)
    at = _line_break(units)
    if at is None:
        raise ValueError(f"does not fit into two lines: {text!r}")
    return _joined(units[:at]), _joined(units[at:])


def halves(text: str) -> tuple[str, str]:
    """Two parts of about the same width, preferably parted at punctuation."""
    units = _units(text)
    at = _best_break(units, range(1, len(units)))
    return _joined(units[:at]), _joined(units[at:])


def _columns(character: str) -> int:
    if _kind(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _kind(character: str) -> str:
    """Unicode category; empty for no character."""
    return unicodedata.category(character) if character else ""


def _units(text: str) -> list[str]:
    """Pieces that are kept whole; a space at the end of one stands between it and the next."""
    units: list[str] = []
    for word in text.split():
        pieces = [""]
        for character in word:
            before = pieces[-1][-1:]
            wide = _columns(character) == 2 or (before != "" and _columns(before) == 2)
            bound = _kind(character) in _CLOSING or _kind(before) in _OPENING
            bound = bound or _columns(character) == 0
            full = width(pieces[-1]) + _columns(character) > LINE_COLUMNS
            if before and (full or (wide and not bound)):
                pieces.append(character)
            else:
                pieces[-1] += character
        pieces[-1] += " "
        units += pieces
    return units


def _joined(units: list[str]) -> str:
    return "".join(units).rstrip()


def _line_break(units: list[str]) -> int | None:
    """Best break that leaves two lines narrow enough, or None."""
    possible = [
        at
        for at in range(1, len(units))
        if width(_joined(units[:at])) <= LINE_COLUMNS and width(_joined(units[at:])) <= LINE_COLUMNS
    ]
    return _best_break(units, possible) if possible else None


def _best_break(units: list[str], possible: range | list[int]) -> int:
    """Nearest to the middle, punctuation counting as nearer."""
    reached = list(accumulate(width(unit) for unit in units))

    def cost(at: int) -> float:
        # NFKC makes full-width marks narrow and an ellipsis three points.
        last = unicodedata.normalize("NFKC", units[at - 1].rstrip())[-1]
        bonus = _SENTENCE_BONUS if last in _SENTENCE_END else 0.0
        bonus = _CLAUSE_BONUS if last in _CLAUSE_END else bonus
        return abs(reached[at - 1] / reached[-1] - 0.5) - bonus

    return min(possible, key=cost)
