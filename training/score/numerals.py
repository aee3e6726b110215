"""Chinese numerals as digits, so that one number written in two ways is one text.

A rule for scoring: it is applied to both texts, so a numeral inside a word (the ten of "ten parts",
which means "very") does no harm as long as it is treated the same each time.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

_SPOKEN = "零\u3007一二三四五六七八九"  # both zeros, the second one round
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
_DIGITS |= {"\u3007": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
_ALL_UNITS: Mapping[str, int] = {**_UNITS, **_MYRIADS}

_MYRIAD_ORDERS = frozenset({"万", "亿", "万亿", "亿万", "万亿万"})
"""In which order the big units stand in one number; in any other these are two numbers."""

_EITHER_OR = frozenset({"两三", "三四", "三五", "四五", "五六", "六七", "七八", "八九"})
"""Two digits that mean "seven or eight" and not 78, as the writers of Chinese use them."""

_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
# Digits in front of a unit. One before hundred and thousand, for "2026" and "the hundred greatest"
# are two things; the lengths keep the arithmetic exact.
_WRITTEN = r"(?<![\d.])(?:[1-9](?=[百千])|\d{1,12}(?:\.\d{1,8})?(?=[万亿]))"
_TAIL = r"(?:(?<=[百千万亿])|(?<=[百千万亿]零))\d{1,8}(?!\d|\.\d)"
# The "two" of things that are counted begins a number or stands before a unit; behind a number it
# is a weight (50 g).
_TWO_FIRST = rf"(?<![{_SPOKEN}十百千万亿\d])两"
_TWO_INSIDE = r"两(?=[百千万亿])"
_NUMERAL = (
    rf"(?:{_WRITTEN}|[{_SPOKEN}十]|{_TWO_FIRST})"
    rf"(?:[{_SPOKEN}十百千万亿]|{_TWO_INSIDE}|{_TAIL})*(?!(?<=[百千万亿])\d)"
)
# "three point fifty" is a time, "eight o'clock, a hundred people" two things.
_PLACES = rf"点([{_SPOKEN}]++)(?!十|百(?![万亿]))([百千]?(?:万亿?|亿))?"
_ANY = re.compile(rf"({_NUMERAL})(?:{_PLACES})?")
_TOKEN = re.compile(r"\d+(?:\.\d+)?|\D")


def with_digits(text: str) -> str:
    """Writes every Chinese numeral of a text in digits.

    Digit by digit ("2-0-2-6", a year), with units up to 10**12 ("3 hundred 5"), colloquially cut
    off ("2 thousand 5" for 2,500), with a decimal point, and in digits before a unit ("3
    ten-thousand 5 thousand"). "Seven eight" (seven or eight) becomes "7,8", which is not 78; any
    other two digits are read one by one ("nine eight", the year). What is no well-formed numeral
    stays as it is. Commas between groups of three digits go.

    Args:
        text: simplified characters.
    """
    text = _GROUPED.sub(lambda match: match[0].replace(",", ""), text)
    return _ANY.sub(_written, text)


def _written(match: re.Match[str]) -> str:
    whole, places, units = match.groups()
    if places is None:
        return _in_digits(whole)
    before = _one_by_one(whole) if _is_digits(whole) else _value(whole)
    if before is None:
        return f"{whole}点{with_digits(places + (units or ''))}"
    number = f"{before}.{_one_by_one(places)}"
    if units is None:
        return number  # as it is spoken: "three point five nought" keeps its nought
    zeros = sum(len(str(_ALL_UNITS[unit])) - 1 for unit in units)
    return _plain(Decimal(f"{number}E{zeros}"))  # exact, however many digits there are


def _in_digits(numeral: str) -> str:
    if numeral in _EITHER_OR:
        return ",".join(map(_one_by_one, numeral))
    if _is_digits(numeral):
        return _one_by_one(numeral)
    return _value(numeral) or numeral


def _is_digits(numeral: str) -> bool:
    return all(c in _DIGITS for c in numeral)


def _one_by_one(digits: str) -> str:
    return "".join(str(_DIGITS[c]) for c in digits)


def _plain(value: Decimal) -> str:
    """Without an exponent, and without zeros behind the point at its end."""
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _value(numeral: str) -> str | None:
    """The value of a numeral with units, in digits; None where it is not well formed."""
    total = section = Decimal(0)
    digit: Decimal | None = None
    last = smallest = 10**12
    myriads = ""
    for token in _TOKEN.findall(numeral):
        unit = _ALL_UNITS.get(token)
        if unit is None:
            if digit:
                return None
            digit = Decimal(_DIGITS.get(token, token))
            # Zero, and several digits at once, say that what follows is meant to the letter.
            last = last if digit and len(token) == 1 else 10
        elif token in _UNITS:
            if unit >= smallest or (not digit and unit != 10):
                return None
            section += (digit or 1) * unit
            digit, last, smallest = None, unit, unit
        else:
            myriads += token
            amount = section + (digit or 0)
            if token == "亿":
                amount, total = amount + total, Decimal(0)
            if not amount or myriads not in _MYRIAD_ORDERS:
                return None
            total += amount * unit
            section, digit, last, smallest = Decimal(0), None, unit, 10**12
    # "two thousand five": the last digit counts tenths of the unit before it, unless a zero stood
    # between them.
    tail = (digit or 0) * (last // 10 if 10 <= last <= 10**8 else 1)
    return _plain(total + section + tail)
