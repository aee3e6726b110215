"""What the reward counts: words, and the characters of scripts that are written without spaces."""

import re

from training.score.normalizers import without_punctuation

_UNSPACED = (
    "\u3040-\u30ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
    "\u0e00-\u0e7f"  # Thai
)
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")


def tokens(text: str) -> list[str]:
    """Lower case, without punctuation (as the benchmark has it), in words and characters.

    Script decides, not a language tag: a rollout may name the wrong language, or mix two. So
    "\u7528 WiFi" is one character and one word.
    """
    return _TOKEN.findall(without_punctuation(text.lower()))
