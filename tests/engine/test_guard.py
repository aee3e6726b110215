"""The guard, on texts as models really write them when they are lost."""

import pytest

from engine.guard import Circumstances, better, inspect, repeats
from engine.transcript import Decoding, Flag, Route

SPEECH = Circumstances(duration_s=4.0, speech_s=3.5)


def flags(text: str, around: Circumstances = SPEECH, language: str = "English") -> set[Flag]:
    return set(inspect(Decoding(Route.BASE, text, language, 0.9, raw_text=text), around).flags)


@pytest.mark.parametrize(
    "text",
    [
        "Please remind me to print the forms before we leave.",
        "No, no, no, no, I said no.",
        "That is very, very, very good, thank you, thank you.",
        "one two three four five six seven eight nine ten",
    ],
)
def test_ordinary_speech_is_not_suspicious(text: str) -> None:
    assert flags(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "the the the the the the the the the",
        "I am going to I am going to I am going to I am going to",
        "Well. And then we and then we and then we and then we left.",
        "cececececececececececece",
    ],
)
def test_loops_are_found_whatever_their_unit(text: str) -> None:
    assert Flag.REPETITION in flags(text, Circumstances(20.0, 18.0))


def test_a_loop_that_parsing_collapsed_is_found_in_the_raw_text() -> None:
    raw = "language English<asr_text>" + "and so " * 30
    decoding = Decoding(Route.BASE, "and so", "English", 0.9, raw_text=raw)
    assert inspect(decoding, Circumstances(20.0, 18.0)).flags == (Flag.REPETITION,)


def test_chinese_is_counted_in_characters() -> None:
    assert Flag.REPETITION in flags("哈哈哈哈哈哈哈哈", language="Chinese")
    assert flags("今天下午三点在图书馆见面", language="Chinese") == set()
    assert Flag.SPEAKING_RATE in flags(
        "今天" * 3 + "明天后天大后天", Circumstances(0.6, 0.6), "Chinese"
    )


def test_text_without_speech_was_invented() -> None:
    assert Flag.NO_SPEECH in flags("Thanks for watching.", Circumstances(4.0, 0.0))
    assert flags("", Circumstances(4.0, 0.0)) == set()


def test_speech_without_text_was_lost() -> None:
    assert flags("") == {Flag.SPEAKING_RATE}
    assert flags("", Circumstances(2.0, 1.0)) == set()


def test_nobody_says_twenty_words_in_a_second() -> None:
    text = "a b c d e f g h i j k l m n o p q r s t"
    assert Flag.SPEAKING_RATE in flags(text, Circumstances(1.0, 1.0))
    assert flags(text, Circumstances(6.0, 6.0)) == set()


def test_a_spent_token_budget_is_told() -> None:
    cut = Circumstances(4.0, 3.5, truncated=True)
    assert flags("and then we", cut) == {Flag.TRUNCATED}


def test_the_context_read_aloud_is_a_leak_but_a_hot_word_is_not() -> None:
    about = Circumstances(4.0, 3.5, context="Wildscribe, Qwen, robust adapter, encoder window")
    assert flags("Wildscribe Qwen robust adapter encoder window", about) == {Flag.CONTEXT_LEAK}
    assert flags("We mount the robust adapter on Qwen.", about) == set()


def test_flags_come_in_the_order_of_their_definition() -> None:
    found = inspect(
        Decoding(Route.BASE, "a b " * 20, "English", 0.9, raw_text="a b " * 20),
        Circumstances(1.0, 0.0, truncated=True),
    ).flags
    assert found == (Flag.REPETITION, Flag.NO_SPEECH, Flag.SPEAKING_RATE, Flag.TRUNCATED)


def reading(text: str, confidence: float, *found: Flag) -> Decoding:
    return Decoding(Route.BASE, text, "English", confidence, found)


def test_fewer_flags_win_over_confidence() -> None:
    loop, plain = reading("a a a", 0.99, Flag.REPETITION), reading("a cat", 0.4)
    assert better(loop, plain) is plain
    assert better(plain, loop) is plain


def test_confidence_decides_between_equals_and_the_first_stays_on_a_draw() -> None:
    first, second = reading("a cat", 0.5), reading("a hat", 0.7)
    assert better(first, second) is second
    assert better(first, reading("a bat", 0.5)) is first


def test_between_equally_suspicious_readings_a_text_wins_over_none() -> None:
    lost = reading("", 0.9, Flag.SPEAKING_RATE)
    found = reading("so", 0.2, Flag.TRUNCATED)
    assert better(lost, found) is found


@pytest.mark.parametrize("unit", range(1, 21))
def test_every_unit_length_is_seen(unit: int) -> None:
    words = [f"w{i}" for i in range(unit)]
    assert repeats(["so", *words * 8])
    assert not repeats([*words, "x", *words])
