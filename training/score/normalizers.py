"""From text to the tokens that are compared: words for English, characters for Chinese."""

import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from training.score.numerals import with_digits

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

    English by `EnglishTextNormalizer`, Chinese by `BasicTextNormalizer`. The table of British and
    American spellings comes with Whisper's weights and not with transformers, so "colour" and
    "color" stay two words.
    """
    in_characters = language in CHARACTER_LANGUAGES
    return _tokens(_whisper_rule("basic" if in_characters else "english")(text), in_characters)


def lenient(text: str, language: str) -> list[str]:
    """Forgives every other way to write the same words.

    English as in `whisper`, after compatibility forms (full width, ligatures) were made plain.
    Chinese also loses symbols and case, is written in simplified characters (OpenCC's ``t2s``),
    and its numerals become digits.
    """
    plain = unicodedata.normalize("NFKC", text)
    if language not in CHARACTER_LANGUAGES:
        return whisper(plain, language)
    return whisper(with_digits(_simplified(plain)), language)


NORMALIZERS: Mapping[str, Normalizer] = MappingProxyType(
    {"bench": bench, "whisper": whisper, "lenient": lenient}
)


def _tokens(text: str, in_characters: bool) -> list[str]:
    words = text.split()
    return list("".join(words)) if in_characters else words


@cache
def _whisper_rule(kind: str) -> Callable[[str], str]:
    # Here, and not at the top: importing transformers takes a second that `bench` need not wait.
    from transformers.models.whisper.english_normalizer import (
        BasicTextNormalizer,
        EnglishTextNormalizer,
    )

    rule: Callable[[str], str] = (
        EnglishTextNormalizer({}) if kind == "english" else BasicTextNormalizer()
    )
    return rule


def _simplified(text: str) -> str:
    simplified: str = _converter().convert(text)
    return simplified


@cache
def _converter() -> "OpenCC":
    from opencc import OpenCC

    return OpenCC("t2s")
