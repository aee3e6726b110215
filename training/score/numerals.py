"""Chinese numerals as digits, so that one number written in two ways is one text.

A rule for scoring: it is applied to both texts, so a numeral inside a word (the ten of "ten parts",
which means "very") does no harm as long as it is treated the same each time.
"""

import re
from decimal import Decimal

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
_DIGITS |= {"\u3007": 0, "两": 2}  # the round zero; the "two" of things that are counted
_UNITS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}

_DIGIT = f"[{''.join(_DIGITS)}]"
_NUMERAL = f"[{''.join(_DIGITS)}十][{''.join([*_DIGITS, *_UNITS, *_MYRIADS])}]*"
_PERCENT = re.compile(r"百分之(?=[\d十" + "".join(_DIGITS) + "])")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DIGITS_AND_MYRIAD = re.compile(r"(\d+(?:\.\d+)?)([万亿])(?!\d)")
_DECIMAL = re.compile(rf"({_NUMERAL})点({_DIGIT}+)(?![十百千万亿])")
_ANY = re.compile(_NUMERAL)


def with_digits(text: str) -> str:
    """Writes every Chinese numeral of a text in digits.

    Digit by digit ("2-0-2-6", a year), with units up to 10**8 ("3 hundred 5"), colloquially cut
    off ("2 thousand 5" for 2,500), with a decimal point, as a percentage, and in digits before a
    unit ("3 ten-thousand"). What is no well-formed numeral stays as it is.

    Args:
        text: simplified characters.
    """
    text = _PERCENT.sub("", _GROUPED.sub("", text))
    text = _DIGITS_AND_MYRIAD.sub(_scaled, text)
    text = _DECIMAL.sub(lambda m: f"{_in_digits(m[1])}.{_in_digits(m[2])}", text)
    return _ANY.sub(lambda match: _in_digits(match[0]), text)


def _scaled(match: re.Match[str]) -> str:
    value = Decimal(match[1]) * _MYRIADS[match[2]]
    return f"{value.normalize():f}"


def _in_digits(numeral: str) -> str:
    if all(c in _DIGITS for c in numeral):
        return "".join(str(_DIGITS[c]) for c in numeral)
    value = _value(numeral)
    return numeral if value is None else str(value)


def _value(numeral: str) -> int | None:
    """The value of a numeral with units; None where it is not well formed."""
    total = section = 0
    digit: int | None = None
    last = smallest = 10**12
    for c in numeral:
        if c in _DIGITS:
            if digit:
                return None
            digit, last = _DIGITS[c], last if _DIGITS[c] else 10
        elif c in _UNITS:
            unit = _UNITS[c]
            if unit >= smallest or (not digit and unit != 10):
                return None
            section += (digit or 1) * unit
            digit, last, smallest = None, unit, unit
        else:
            unit = _MYRIADS[c]
            section += digit or 0
            if not section:
                return None
            total = (total + section) * unit if unit > 10**4 else total + section * unit
            section, digit, last, smallest = 0, None, unit, 10**12
    # "two thousand five": the last digit counts tenths of the unit before it, unless a zero stood
    # between them.
    return total + section + (digit or 0) * (last // 10 if 10 <= last <= 10**8 else 1)
