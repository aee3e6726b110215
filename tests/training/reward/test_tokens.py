"""Words, characters, and both in one text."""

import pytest

from training.reward import tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("don't", ["don", "t"]),
        ("今天天气很好。", list("今天天气很好")),
        ("用 WiFi吗", ["用", "wifi", "吗"]),
        ("买3个苹果", ["买", "3", "个", "苹", "果"]),
        ("カメラ", list("カメラ")),
        ("안녕 하세요", ["안녕", "하세요"]),
        ("naïve café", ["naïve", "café"]),
        ("𠀀𠀁", ["𠀀", "𠀁"]),
        (" \n", []),
        ("...", []),
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected
