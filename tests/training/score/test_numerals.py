"""Chinese numerals, as they are spoken, in digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.score.spoken import spoken
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
        ("三点五零", "3.50"),
        ("三点五万", "35000"),
        ("一点二三四五六万", "12345.6"),
        ("三点五百万", "3500000"),
        ("三点五千克", "3.5千克"),
        ("八点一百人", "8点100人"),
        ("百分之五十", "百分之50"),
        ("一万亿", "1000000000000"),
        ("3万", "30000"),
        ("3万5千", "35000"),
        ("3万5", "35000"),
        ("3万零5", "30005"),
        ("2亿3000万", "230000000"),
        ("3千克", "3000克"),
        ("3.5亿", "350000000"),
        ("七八个", "7,8个"),
        ("九八年", "98年"),
        ("三两酒", "3两酒"),
        ("十两银子", "10两银子"),
        ("一两个", "1两个"),
        ("1,234,567", "1234567"),
        ("两个人", "2个人"),
        ("我有三只猫和十二条鱼", "我有3只猫和12条鱼"),
    ],
)
def test_numerals_become_digits(spoken: str, written: str) -> None:
    assert with_digits(spoken) == written


@pytest.mark.parametrize(
    "text",
    [
        "百姓", "千万", "一二百", "十七八", "三万五万", "一亿亿", "万", "2026年", "2026百大", "3点",
        "3万5.5千", "3万123456789", "100,20", "1,2345", "", "abc",
    ],
)  # fmt: skip
def test_what_is_no_numeral_stays(text: str) -> None:
    assert with_digits(text) == text


@given(st.text(alphabet="零一二两三九十百千万亿点1,0.个", max_size=12))
def test_any_text_is_taken_and_written_digits_are_left_alone(text: str) -> None:
    with_digits(text)
    assert with_digits("2026") == "2026"


@given(st.integers(0, 10**12 - 1))
def test_every_number_survives_being_spoken(number: int) -> None:
    assert with_digits(spoken(number)) == str(number)
