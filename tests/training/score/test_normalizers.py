"""The three rules on text that a person wrote down by hand."""

import json
import sys
import unicodedata
from hashlib import sha256
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.score import Normalizer, bench, lenient, whisper
from training.score.spellings import mended_spellings, whisper_spellings

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


SPELLINGS = [
    ("The colour of the theatre's grey centre", "the color of the theater's gray center"),
    ("He organised and analysed it; she travelled.", "he organized and analyzed it she traveled"),
    ("a licence, a cheque, a programme", "a license a check a program"),
]


@pytest.mark.parametrize("rule", [whisper, lenient])
@pytest.mark.parametrize(("british", "american"), SPELLINGS)
def test_british_spellings_are_american_ones(british: str, american: str, rule: Normalizer) -> None:
    assert rule(british, "en") == rule(american, "en") != []
    assert bench(british, "en") != bench(american, "en")


def test_the_spellings_are_whispers_own() -> None:
    table = (files("whisper_normalizer") / "normalizers" / "english.json").read_bytes()
    # Of whisper/normalizers/english.json in openai-whisper 20250625.
    assert sha256(table).hexdigest() == (
        "6607f948be9824d2e1b2fa2223cd94c06c45afa4e05ea0e3d5e1f2bdffde2465"
    )
    assert json.loads(table) == whisper_spellings()


def test_whisper_has_the_slips_of_its_table_and_lenient_has_not() -> None:
    assert whisper("archaeology", "en") == ["archeology</span>"]
    for british, american in mended_spellings().items():
        if british.isalpha():  # one entry is two words, which no single word can be
            assert american.isalpha()
            assert lenient(british, "en") == lenient(american, "en")
    assert lenient("philtre", "en") != lenient("filter", "en")


@pytest.mark.parametrize(
    ("one", "other"), [("story", "stories"), ("wise", "wize"), ("hour", "hor"), ("four", "for")]
)
def test_words_that_only_look_like_variants_stay_apart(one: str, other: str) -> None:
    assert lenient(one, "en") != lenient(other, "en")


def test_whisper_chinese_is_characters_without_punctuation() -> None:
    assert whisper("你好，世界。 OK", "zh") == list("你好世界ok")


SAME_ENGLISH = [
    ("It's 25%, Dr. Who.", "it is twenty-five percent doctor who"),
    ("\uff28\uff49 \uff13", "hi three"),
    ("$3.50", "three dollars and fifty cents"),
    ("-5 degrees", "minus five degrees"),
    ("\u22125 degrees", "minus 5 degrees"),
    ("50 %", "fifty percent"),
    ("a well-known COVID-19 case", "a well known covid 19 case"),
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
    assert lenient("-5 degrees", "en") != lenient("5 degrees", "en")
    assert lenient("50 %", "en") != lenient("50", "en")
    assert lenient("1.2", "en") != lenient("twelve", "en")
    assert lenient("10\u00b2", "en") != lenient("102", "en")
