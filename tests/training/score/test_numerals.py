"""Chinese numerals, as they are spoken, in digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.score.numerals import with_digits


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("二零二六年", "2026年"),
        ("十", "10"),
        ("十五", "15"),
        ("二十", "20"),
        ("九十九", "99"),
        ("一百零五", "105"),
        ("一百二", "120"),
        ("一百二十三", "123"),
        ("一千零五十", "1050"),
        ("两千五", "2500"),
        ("两万五", "25000"),
        ("一万两千三百四十五", "12345"),
        ("三千万", "30000000"),
        ("十二亿五千万", "1250000000"),
        ("一亿零三万", "100030000"),
        ("三点五", "3.5"),
        ("三点五十分", "3点50分"),
        ("百分之五十", "50"),
        ("3万", "30000"),
        ("3.5亿", "350000000"),
        ("1,234,567", "1234567"),
        ("两个人", "2个人"),
        ("我有三只猫和十二条鱼", "我有3只猫和12条鱼"),
    ],
)
def test_numerals_become_digits(spoken: str, written: str) -> None:
    assert with_digits(spoken) == written


@pytest.mark.parametrize("text", ["百姓", "千万", "一二百", "万", "2026年", "3点", "", "abc"])
def test_what_is_no_numeral_stays(text: str) -> None:
    assert with_digits(text) == text


@given(st.text(alphabet="零一二两三九十百千万亿点1,0.个", max_size=12))
def test_any_text_is_taken_and_written_digits_are_left_alone(text: str) -> None:
    with_digits(text)
    assert with_digits("2026") == "2026"


@given(st.integers(0, 10**12 - 1))
def test_every_number_survives_being_spoken(number: int) -> None:
    assert with_digits(_spoken(number)) == str(number)


def _spoken(number: int) -> str:
    """A number in full, with one zero for every gap: independent of the parser."""
    if number == 0:
        return "零"
    groups = [number // 10**8, number // 10**4 % 10**4, number % 10**4]
    spoken = ""
    for group, unit in zip(groups, ("亿", "万", ""), strict=True):
        if group:
            spoken += ("零" if spoken and group < 1000 else "") + _four(group) + unit
    return spoken


def _four(group: int) -> str:
    spoken, gap = "", False
    for place, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = group // place % 10
        if digit:
            spoken += ("零" if gap and spoken else "") + "零一二三四五六七八九"[digit] + unit
        gap = digit == 0
    return spoken
