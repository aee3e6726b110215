"""Both rules on text that a person wrote down by hand."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.score import bench, lenient, whisper

ENGLISH = [
    ("Hello, World!", ["hello", "world"]),
    ("don't", ["don", "t"]),
    ("twenty-five", ["twenty", "five"]),
    ("a\u2014b \u201cc\u201d \u2026", ["a", "b", "c"]),
    ("$5 + 3% = A_B", ["$5", "+", "3", "=", "a", "b"]),  # % and _ are punctuation, $ + = symbols
    ("  tabs\tand\nlines  ", ["tabs", "and", "lines"]),
    ("nai\u0308ve \u0130", ["nai\u0308ve", "i\u0307"]),  # combining marks stay
    ("\uff28\uff49\uff0c \uff11", ["\uff48\uff49", "\uff11"]),  # full width: folded in case only
    ("...", []),
    ("", []),
]

CHINESE = [
    ("你好，世界。", list("你好世界")),
    ("今天 天气\u3000怎么样？", list("今天天气怎么样")),
    ("《书》、「词」……", list("书词")),
    ("用 WiFi 吗", list("用WiFi吗")),  # no lower-casing here: the benchmark has none
    ("３．５ 元", list("３５元")),
    ("", []),
]


@pytest.mark.parametrize(("text", "tokens"), ENGLISH)
def test_bench_english(text: str, tokens: list[str]) -> None:
    assert bench(text, "en") == tokens


@pytest.mark.parametrize(("text", "tokens"), CHINESE)
def test_bench_chinese(text: str, tokens: list[str]) -> None:
    assert bench(text, "zh") == tokens


def test_bench_turns_exactly_the_punctuation_categories_into_spaces() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        gone = unicodedata.category(character).startswith("P") or character.isspace()
        assert (bench(f"a{character}b", "zh") == ["a", "b"]) == gone


@given(st.text())
def test_bench_is_stable_under_itself(text: str) -> None:
    once = bench(text, "zh")
    assert bench("".join(once), "zh") == once
    words = bench(text, "en")
    assert not any(unicodedata.category(c).startswith("P") for word in words for c in word)
    assert all(words)


def test_whisper_english_makes_numbers_contractions_and_fillers_alike() -> None:
    assert whisper("Um, I'm twenty-five, Mr. Smith!", "en") == whisper("i am 25 mister smith", "en")


def test_whisper_keeps_british_and_american_spellings_apart() -> None:
    assert whisper("colour", "en") != whisper("color", "en")


def test_whisper_chinese_is_characters_without_punctuation() -> None:
    assert whisper("你好，世界。 OK", "zh") == list("你好世界ok")


SAME_ENGLISH = [
    ("It's 25%, Dr. Who.", "it is twenty-five percent doctor who"),
    ("\uff28\uff49 \uff13", "hi three"),
    ("$3.50", "three dollars and fifty cents"),
]

SAME_CHINESE = [
    ("漢字很難學。", "汉字很难学"),
    ("２０２６年，我有３個ＡＰＰ", "二零二六年我有三个app"),
    ("一共3.5万元", "一共三万五千元"),
    ("50%", "百分之五十"),
    ("1,200人", "一千二百人"),
]


@pytest.mark.parametrize(("one", "other"), SAME_ENGLISH)
def test_lenient_forgives_how_english_is_written(one: str, other: str) -> None:
    assert lenient(one, "en") == lenient(other, "en") != []


@pytest.mark.parametrize(("one", "other"), SAME_CHINESE)
def test_lenient_forgives_how_chinese_is_written(one: str, other: str) -> None:
    assert lenient(one, "zh") == lenient(other, "zh") != []
    assert bench(one, "zh") != bench(other, "zh")


def test_lenient_forgives_no_other_words() -> None:
    assert lenient("三个苹果", "zh") != lenient("四个苹果", "zh")
    assert lenient("fifteen", "en") != lenient("fifty", "en")
