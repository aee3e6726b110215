"""The guard: what a recogniser writes when it has lost the speaker.

Above about 30 % WER the errors of Qwen3-ASR are no longer wrong words but loops, invented
sentences and lost ones (Mega-ASR, section 1). The guard recognises their shapes in text and time
alone, so it costs nothing; a flagged segment is decoded again on the other route, and `better`
keeps one of the two readings. Both stay stored.
"""

import re
from dataclasses import dataclass, replace

from engine.languages import UNSPACED
from engine.transcript import Decoding, Flag

MIN_REPEATS = 4
MIN_REPEATED_TOKENS = 8
"""A loop: a unit said at least four times in a row, over eight words or characters at least."""

MAX_UNIT_TOKENS = 20
"""Longest unit looked for, in tokens."""

_GLYPH_LOOP = re.compile(r"(\S{1,10}?)\1{9,}")
"""A loop within a word: up to ten characters, ten times in a row."""

MAX_WORDS_PER_S = 8.0
MAX_CHARACTERS_PER_S = 14.0
"""Faster than people speak; characters for languages written without spaces."""

LOST_SPEECH_S = 2.0
"""So much certain speech without one word is as impossible as too many words."""

MIN_SPEECH_S = 0.1
"""With less certain speech than this, any text was invented."""

MIN_LEAKED_WORDS = 4
"""So many consecutive words of the context, in its order, are no coincidence."""

_SHORTEST_S = 0.5
_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the guard knows about a segment beside its text.

    Attributes:
        duration_s: length of the segment, s.
        speech_s: how much of it the speech detector is certain of (probability >= 0.5), s.
        context: the hot words that the model was given.
        truncated: the token budget ran out before the model ended its text.
    """

    duration_s: float
    speech_s: float
    context: str = ""
    truncated: bool = False


def inspect(decoding: Decoding, around: Circumstances) -> Decoding:
    """The decoding with the flags it deserves, in the order of `Flag`."""
    unspaced = decoding.language in UNSPACED
    tokens = _tokens(decoding.text, unspaced)
    # Parsing collapses long loops: the raw text still shows them.
    loops = repeats(tokens) or repeats(_tokens(decoding.raw_text, unspaced))
    found = {
        Flag.REPETITION: loops or bool(_GLYPH_LOOP.search(decoding.raw_text or decoding.text)),
        Flag.NO_SPEECH: bool(tokens) and around.speech_s < MIN_SPEECH_S,
        Flag.SPEAKING_RATE: _impossible_rate(len(tokens), unspaced, around),
        Flag.TRUNCATED: around.truncated,
        Flag.CONTEXT_LEAK: _leaks(tokens, _tokens(around.context, unspaced)),
    }
    return replace(decoding, flags=tuple(flag for flag, is_set in found.items() if is_set))


def better(first: Decoding, second: Decoding) -> Decoding:
    """The reading to show: fewer flags; then more confidence; then the first.

    An empty text carries no confidence worth comparing, so between equals a text wins over none.
    """

    def rank(decoding: Decoding) -> tuple[int, bool, float]:
        return -len(decoding.flags), bool(decoding.text), decoding.confidence

    return second if rank(second) > rank(first) else first


def repeats(tokens: list[str]) -> bool:
    """Whether a unit of up to 20 tokens is said again and again without a break."""
    for unit in range(1, min(MAX_UNIT_TOKENS, len(tokens) // MIN_REPEATS) + 1):
        run = 0
        for token, earlier in zip(tokens[unit:], tokens, strict=False):
            run = run + 1 if token == earlier else 0
            said = run // unit + 1
            if said >= MIN_REPEATS and said * unit >= MIN_REPEATED_TOKENS:
                return True
    return False


def _impossible_rate(count: int, unspaced: bool, around: Circumstances) -> bool:
    if count == 0:
        return around.speech_s >= LOST_SPEECH_S
    limit = MAX_CHARACTERS_PER_S if unspaced else MAX_WORDS_PER_S
    return count / max(around.duration_s, _SHORTEST_S) > limit


def _leaks(tokens: list[str], context: list[str]) -> bool:
    """Whether the text quotes the context instead of the speaker."""
    size = MIN_LEAKED_WORDS
    quotable = {tuple(context[i : i + size]) for i in range(len(context) - size + 1)}
    return any(tuple(tokens[i : i + size]) in quotable for i in range(len(tokens) - size + 1))


def _tokens(text: str, unspaced: bool) -> list[str]:
    words: list[str] = _WORD.findall(text.lower())
    return list("".join(words)) if unspaced else words
