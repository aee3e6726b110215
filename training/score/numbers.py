"""Numbers in Chinese text in one form, so that only different numbers differ.

"50%" and "fifty of a hundred", "1/3" and "one of three parts", "-5" and "minus five" become the
same. The marks that make a number what it is - the decimal point, the minus sign, the percent sign,
the fraction bar, the colon of a time - stay, each as one token; every other punctuation between two
digits stays as a comma, for "3, 5" is not 35. White space between digits is nothing, as everywhere
in Chinese: phone numbers are written with it.
"""

import re
import unicodedata

from training.score.numerals import with_digits

_NUMBER = r"\d+(?:\.\d+)?"
_STARTS_NUMBER = r"(?=[\d零一二三四五六七八九两十])"
_FULL_COMMA = "\uff0c"

_BELOW_ZERO = re.compile(rf"零下{_STARTS_NUMBER}")
_BARE_POINT = re.compile(r"(?<![\w.])\.(?=\d)")
# White space counts only where it tells a minus sign from a hyphen, or begins a number.
_SPACE = re.compile(r"\s+(?![-\u2212.]\d)")
_MIXED = re.compile(r"(?<=\d)\s+(?=\d+[/\u2044]\d)")
_OF_PARTS = re.compile(rf"(百|千|万|(?<![\d.]){_NUMBER})分之(负?)({_NUMBER}|百)")
_OVER = re.compile(rf"(?<!\d)(?<!\d[./])({_NUMBER})/(1000?)(?!\d|[./]\d)")
_MINUS = re.compile(r"(?<!\d)负(?=\d)|(?<![0-9A-Za-z])[-\u2212](?=\d)")
# Brackets are left to the rule that removes what stands in them.
_BETWEEN = re.compile(r"(?<=\d)\s*((?:[^\w\s()\[\]]|_)+)\s*(?=\d)")
_DASHES = frozenset("-\u2212\u2013\u2014~\u301c")
_ALONE = {".": ".", "/": "/", "\u2044": "/", "\u2215": "/", ":": ":", "\u2236": ":"}

_MARK = re.compile(r"(?<=\d)(?:[%‰]|[.,:/-](?=\d))|(?<![0-9A-Za-z])-(?=\d)")
# Noncharacters: Unicode keeps them for use inside a program, and no rule here touches them.
_HIDDEN = {mark: chr(0xFDD0 + place) for place, mark in enumerate(".,:/-%‰")}
_SHOWN = {hidden: mark for mark, hidden in _HIDDEN.items()}

_VULGAR_AFTER_DIGIT = re.compile(r"(?<=\d)(?=[\u00bc-\u00be\u2150-\u215e\u2189])")
_POWER_AFTER_DIGIT = re.compile(r"(?<=\d)(?=[\u00b2\u00b3\u00b9\u2070-\u2079])")


def folded(text: str, joint: str) -> str:
    """Compatibility forms (full width, ligatures) made plain (NFKC), numbers left what they are.

    NFKC alone makes 31/2 of "3" and "one half", and 102 of ten squared.

    Args:
        text: any text.
        joint: what stands between a whole number and its fraction.
    """
    parted = _POWER_AFTER_DIGIT.sub("^", _VULGAR_AFTER_DIGIT.sub(joint, text))
    return unicodedata.normalize("NFKC", parted)


def folded_chinese(text: str) -> str:
    """As `folded`; the Chinese comma becomes the enumeration comma, which parts no thousands."""
    return folded(text.replace(_FULL_COMMA, "、"), joint="又")


def one_form(text: str) -> str:
    """Writes every number in one way; what its marks are then, is in the module's description.

    Args:
        text: simplified characters, as `folded_chinese` gives them.
    """
    text = _SPACE.sub("", _MIXED.sub("又", text))
    text = with_digits(_BELOW_ZERO.sub("负", text))
    text = _BARE_POINT.sub("0.", text).replace("\u2031", "/10000")
    text = _OF_PARTS.sub(_fraction, text)
    text = _BETWEEN.sub(_between, text)
    text = _OVER.sub(lambda match: match[1] + ("%" if match[2] == "100" else "‰"), text)
    return _MINUS.sub("-", text)


def hidden(text: str) -> str:
    """Puts the marks of numbers out of reach of rules that remove symbols; see `shown`."""
    return _MARK.sub(lambda match: _HIDDEN[match[0]], text)


def shown(token: str) -> str:
    """The mark that `hidden` hid, or the token itself."""
    return _SHOWN.get(token, token)


def _fraction(match: re.Match[str]) -> str:
    parts = {"百": "100", "千": "1000", "万": "10000"}
    sign = "-" if match[2] else ""
    return f"{sign}{parts.get(match[3], match[3])}/{parts.get(match[1], match[1])}"


def _between(match: re.Match[str]) -> str:
    marks = match[1]
    if marks[0] in "%‰":  # they end a number by themselves
        return marks[0]
    return _ALONE.get(marks) or ("-" if _DASHES.issuperset(marks) else ",")
