"""Numbers in Chinese: equal ones become the same, different ones stay different."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.training.score.spoken import decimal, spoken
from training.score import count_errors, lenient

SAME = [
    ("三点五公里", "3.5公里"),
    ("三 点 五 公里", "3．5 公里"),
    ("零点五", ".5"),
    ("一點五億", "1.5亿"),
    ("三点五万元", "35000元"),
    ("三点五千克", "3.5千克"),
    ("负五度", "-5度"),
    ("负五度", "\u22125 度"),
    ("零下五度", "\uff0d５度"),
    ("負三點五度", "-3.5度"),
    ("百分之五十", "50%"),
    ("百分之五十", "５０ ％"),
    ("百分之50", "五十%"),
    ("百分之百", "100%"),
    ("百分之零点五", "0.5%"),
    ("负百分之五", "-5%"),
    ("百分之负五", "-5%"),
    ("千分之三", "3‰"),
    ("万分之一", "1/10000"),
    ("万分之五", "5\u2031"),
    ("三分之一", "1/3"),
    ("三分之一", "\u2153"),
    ("四分之三", "3\u22154"),
    ("三百分之一", "1/300"),
    ("百分之一", "1/100"),
    ("三又二分之一杯", "3 1/2杯"),
    ("三又二分之一杯", "3\u00bd杯"),
    ("三点五十分", "3点50分"),
    ("比分是3：50", "比分是3:50"),
    ("七八个", "7、8个"),
    ("一、二、三", "1，2，3"),
    ("3-5天", "3～5天"),
    ("１３８ ００１３", "一三八零零一三"),
]

DIFFERENT = [
    ("三点五公里", "三十五公里"),
    ("1.2", "十二"),
    ("1.2", "12"),
    (".5", "5"),
    ("1.2.3", "123"),
    ("-5度", "5度"),
    ("零下五度", "五度"),
    ("50 %", "五十"),
    ("50%", "50‰"),
    ("百分之五", "五"),
    ("三分之一", "三十一"),
    ("1/3", "13"),
    ("3/10", "3/100"),
    ("3½", "31/2"),
    ("3 1/2", "31/2"),
    ("10²", "102"),
    ("3:50", "350"),
    ("3:50", "3.50"),
    ("3-5天", "35天"),
    ("3、5天", "35天"),
    ("3+5", "35"),
    ("3_5", "35"),
    ("二十、三", "二十三"),
    ("七八个", "七十八个"),
    ("100，200", "100200"),
    ("三万五万", "八万"),
    ("五两", "五十二"),
    ("十两", "十二"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_number_in_two_ways(one: str, other: str) -> None:
    assert count_errors(one, other, "zh", lenient).errors == 0
    assert lenient(one, "zh") != []


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_numbers(one: str, other: str) -> None:
    assert count_errors(one, other, "zh", lenient).errors > 0


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("三点五公里。", ["3", ".", "5", "公", "里"]),
        ("百分之五十！", ["5", "0", "%"]),
        ("零下五度", ["-", "5", "度"]),
        ("A-5型", ["a", "5", "型"]),  # a hyphen
        ("——5个", ["5", "个"]),  # a dash
        ("你好.世界", ["你", "好", "世", "界"]),
        ("第３（５）条", ["第", "3", "条"]),  # as in Whisper's rule
        ("50%、60%", list("50%60%")),  # the sign parts them
        ("i\u00b2", ["i", "2"]),
        ("1万。2个", list("10000,2个")),
    ],
)
def test_what_becomes_of_marks(text: str, tokens: list[str]) -> None:
    assert lenient(text, "zh") == tokens


WHOLE = st.integers(0, 10**12 - 1)
PLACES = st.text("0123456789", min_size=1, max_size=4)


def _all_ways(whole: int, places: str, sign: bool, kind: str, over: int) -> tuple[str, set[str]]:
    """A name for the number, and every way in which it is written here."""
    figures = decimal(str(whole), places)
    said = decimal(spoken(whole), "".join("零一二三四五六七八九"[int(p)] for p in places), "点")
    minus, below = ("-", "负") if sign else ("", "")
    if kind == "percent":
        return f"{minus}{figures}%", {f"{minus}{figures}%", f"{below}百分之{said}"}
    if kind == "fraction":
        ways = {f"{minus}{figures}/{over}", f"{below}{spoken(over)}分之{said}"}
        return f"{minus}{figures}/{over}", ways
    return f"{minus}{figures}", {f"{minus}{figures}", f"{below}{said}"}


NUMBERS = st.builds(
    _all_ways,
    WHOLE | st.integers(0, 120),
    st.just("") | PLACES,
    st.booleans(),
    st.sampled_from(["plain", "percent", "fraction"]),
    st.integers(2, 99),
)


@settings(deadline=None)  # the first one loads the rules
@given(NUMBERS)
def test_any_number_is_one_text_however_it_is_written(number: tuple[str, set[str]]) -> None:
    _, ways = number
    assert len({tuple(lenient(f"约{way}个", "zh")) for way in ways}) == 1


@settings(deadline=None)
@given(NUMBERS, NUMBERS)
def test_any_two_numbers_are_two_texts(
    one: tuple[str, set[str]], other: tuple[str, set[str]]
) -> None:
    assume(one[0] != other[0])
    first = {tuple(lenient(way, "zh")) for way in one[1]}
    assert first.isdisjoint(tuple(lenient(way, "zh")) for way in other[1])


@settings(deadline=None)
@given(st.text("零一二两三九十百千万亿点负分之0123.,、-/%：~ 个a", max_size=14))
def test_any_text_is_taken_and_its_tokens_are_one_character_each(text: str) -> None:
    assert all(len(token) == 1 for token in lenient(text, "zh"))


def test_half_a_surrogate_pair_is_no_character() -> None:
    assert lenient("\ud83d三", "zh") == ["3"]
