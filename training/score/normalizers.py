"""From text to the tokens that are compared: words for English, characters for Chinese."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from training.score.numbers import folded, folded_chinese, hidden, one_form, shown
from training.score.spellings import mended_spellings, whisper_spellings

if TYPE_CHECKING:
    from opencc import OpenCC

Normalizer = Callable[[str, str], list[str]]
"""(text, language code) -> tokens."""

CHARACTER_LANGUAGES = frozenset({"zh"})
"""Written without spaces: the tokens are characters, and the rate is a CER."""


class _Table(dict[int, str]):
    """For `str.translate`: any punctuation becomes a space; learns each character once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = " " if unicodedata.category(character).startswith("P") else character
        return self[code]


_PUNCTUATION_TO_SPACE = _Table()

_PERCENT_APART = re.compile(r"(?<=\d)\s+(?=%)")
_SIGN = re.compile(r"(?<![\w.)%$€£¢-])[-\u2212](?=[$€£]?\d)")


def without_punctuation(text: str) -> str:
    """Every character of a Unicode punctuation category (P*) becomes a space."""
    return text.translate(_PUNCTUATION_TO_SPACE)


def bench(text: str, language: str) -> list[str]:
    """The rule of Voices-in-the-Wild-Bench.

    Every character of a Unicode punctuation category (P*) becomes a space. English is lower-cased
    and split at white space; Chinese keeps its case, loses all white space and is split into
    code points. Nothing else is touched: numbers, symbols (S*) and combining marks count as they
    are written.
    """
    in_characters = language in CHARACTER_LANGUAGES
    cased = text if in_characters else text.lower()
    return _tokens(without_punctuation(cased), in_characters)


def whisper(text: str, language: str) -> list[str]:
    """The rule of the Whisper paper (appendix C): numbers, contractions and fillers made alike.

    English by `EnglishTextNormalizer`, with Whisper's own table of British spellings made American
    ("colour" becomes "color"); Chinese by `BasicTextNormalizer`. The rules are those of
    transformers, which are Whisper's line by line; for the table see `training.score.spellings`.
    """
    in_characters = language in CHARACTER_LANGUAGES
    rule = _basic_rule() if in_characters else _english_rule(whisper_spellings)
    return _tokens(rule(text), in_characters)


def lenient(text: str, language: str) -> list[str]:
    """Forgives every other way to write the same words, and in Chinese no other number.

    English as in `whisper`, with the slips of its table mended, after compatibility forms (full
    width, ligatures) were made plain and the signs of "-5" and "50 %" were tied to their numbers.
    Chinese also loses symbols and case, is written in simplified characters (OpenCC's ``t2s``),
    and every number in it takes one form, its point, sign, percent sign and fraction bar included,
    each a token: see `training.score.numbers`. English numbers are as good as Whisper's rule for
    them, which takes 1/3 for a 1 and a 3, and "minus five dollars" for five of them.
    """
    if language not in CHARACTER_LANGUAGES:
        # Whisper's rule reads "minus 5" as -5, but takes the sign of "-5" for a hyphen; and it
        # drops the sign of "50 %".
        plain = _PERCENT_APART.sub("", folded(text, joint=" "))
        return _english_rule(mended_spellings)(_SIGN.sub("minus ", plain)).split()
    numbered = one_form(_simplified(folded_chinese(text)))
    return [shown(token) for token in whisper(hidden(numbered), language)]


NORMALIZERS: Mapping[str, Normalizer] = MappingProxyType(
    {"bench": bench, "whisper": whisper, "lenient": lenient}
)


def _tokens(text: str, in_characters: bool) -> list[str]:
    words = text.split()
    return list("".join(words)) if in_characters else words


# Imported here, and not at the top: transformers takes a second that `bench` need not wait.
@cache
def _english_rule(spellings: Callable[[], dict[str, str]]) -> Callable[[str], str]:
    from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

    rule: Callable[[str], str] = EnglishTextNormalizer(spellings())
    return rule


@cache
def _basic_rule() -> Callable[[str], str]:
    from transformers.models.whisper.english_normalizer import BasicTextNormalizer

    rule: Callable[[str], str] = BasicTextNormalizer()
    return rule


def _simplified(text: str) -> str:
    # Half a surrogate pair, which JSON can hold, is no character; OpenCC refuses it.
    simplified: str = _converter().convert(text.encode("utf-8", "replace").decode("utf-8"))
    return simplified


@cache
def _converter() -> "OpenCC":
    from opencc import OpenCC

    return OpenCC("t2s")
