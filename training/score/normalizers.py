"""From text to the tokens that are compared: words for English, characters for Chinese."""

import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

Normalizer = Callable[[str, str], list[str]]
"""(text, language code) -> tokens."""

CHARACTER_LANGUAGES = frozenset({"zh"})
"""Written without spaces: the tokens are characters, and the rate is a CER."""


def bench(text: str, language: str) -> list[str]:
    """The rule of Voices-in-the-Wild-Bench.

    Every character of a Unicode punctuation category (P*) becomes a space. English is lower-cased
    and split at white space; Chinese keeps its case, loses all white space and is split into
    code points. Nothing else is touched: numbers, symbols (S*) and combining marks count as they
    are written.
    """
    in_characters = language in CHARACTER_LANGUAGES
    cased = text if in_characters else text.lower()
    spaced = "".join(" " if unicodedata.category(c).startswith("P") else c for c in cased)
    return _tokens(spaced, in_characters)


def whisper(text: str, language: str) -> list[str]:
    """The rule of the Whisper paper (appendix C): numbers, contractions and fillers made alike.

    English by `EnglishTextNormalizer`, Chinese by `BasicTextNormalizer`. The table of British and
    American spellings comes with Whisper's weights and not with transformers, so "colour" and
    "color" stay two words.
    """
    in_characters = language in CHARACTER_LANGUAGES
    return _tokens(_whisper_rule("basic" if in_characters else "english")(text), in_characters)


NORMALIZERS: Mapping[str, Normalizer] = MappingProxyType({"bench": bench, "whisper": whisper})


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
