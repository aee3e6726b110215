"""Text of the training set: a small grammar, and sentences of random words.

Everything is drawn from a `random.Random`: the same seed gives the same sentences on any machine.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA_DIR = Path(__file__).parent / "data"
MAX_WORDS = 14
_SLOT = re.compile(r"\{(\w+)(?:\+(\w+))?\}")
_WEIGHT = re.compile(r"^(\d+) \* (.*)$")
_VOWELS = "aeiou"
_IRREGULAR_PLURALS = {
    "man": "men", "child": "children", "mouse": "mice", "goose": "geese", "foot": "feet",
    "tooth": "teeth", "wife": "wives", "wolf": "wolves", "knife": "knives", "leaf": "leaves",
    "shelf": "shelves", "thief": "thieves", "scarf": "scarves", "sheep": "sheep", "deer": "deer",
    "potato": "potatoes", "tomato": "tomatoes", "volcano": "volcanoes", "hero": "heroes",
    "life": "lives", "salmon": "salmon", "trout": "trout", "buffalo": "buffalo",
    "jeans": "jeans", "trousers": "trousers", "pyjamas": "pyjamas", "scissors": "scissors",
    "stairs": "stairs", "headphones": "headphones", "noodles": "noodles",
}  # fmt: skip
_DOUBLED = {
    "stop", "drop", "grab", "rob", "chop", "stir", "hug", "plan", "shop", "jog", "hum",
}  # fmt: skip
_IRREGULAR_PAST = {
    "catch up": "caught up", "hide from": "hid from", "cut": "cut", "float": "floated",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """A cased, punctuated sentence; `kind` is "grammar" or "random"."""

    text: str
    kind: str


def plural(noun: str) -> str:
    """English plural of a noun."""
    if noun in _IRREGULAR_PLURALS:
        return _IRREGULAR_PLURALS[noun]
    if noun.endswith("man") and noun != "human":
        return noun[:-3] + "men"
    if noun.endswith("y") and noun[-2] not in _VOWELS:
        return noun[:-1] + "ies"
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    return noun + "s"


def past(verb: str) -> str:
    """Past tense of a regular English verb (and of the few others the word lists hold)."""
    if verb in _IRREGULAR_PAST:
        return _IRREGULAR_PAST[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        return verb[:-1] + "ied"
    return verb + (verb[-1] if verb in _DOUBLED else "") + "ed"


def participle(verb: str) -> str:
    """Present participle of an English verb."""
    head, _, tail = verb.partition(" ")
    if head.endswith("e") and not head.endswith(("ee", "ye", "oe")):
        head = head[:-1]
    elif head in _DOUBLED | {"cut"}:
        head += head[-1]
    return f"{head}ing {tail}".strip()


_FORMS = {"s": plural, "ed": past, "ing": participle}


def _sections(path: Path) -> Iterator[tuple[str, list[str]]]:
    name, lines = "", list[str]()
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            if name:
                yield name, lines
            name, lines = line.strip("[]"), []
        elif line and not line.startswith("#"):
            lines.append(line)
    yield name, lines


@cache
def words() -> dict[str, tuple[str, ...]]:
    """Words by category."""
    return {
        name: tuple(word.replace("_", " ") for line in lines for word in line.split())
        for name, lines in _sections(DATA_DIR / "words.txt")
    }


@cache
def vocabulary() -> tuple[str, ...]:
    """Every distinct single word of the word lists, names and places cased, sorted."""
    return tuple(sorted({word for group in words().values() for word in group if " " not in word}))


@cache
def _rules() -> dict[str, tuple[tuple[str, ...], tuple[int, ...]]]:
    rules = {}
    for name, lines in _sections(DATA_DIR / "grammar.txt"):
        weighted = [
            (int(m[1]), m[2]) if (m := _WEIGHT.match(line)) else (1, line) for line in lines
        ]
        rules[name] = (tuple(text for _, text in weighted), tuple(w for w, _ in weighted))
    return rules


def _expand(name: str, rng: random.Random) -> str:
    rule = _rules().get(name)
    if rule is None:
        return rng.choice(words()[name])
    template = rng.choices(rule[0], rule[1])[0]

    def fill(slot: re.Match[str]) -> str:
        inner, form = _expand(slot[1], rng), slot[2]
        if form is None:
            return inner
        return _FORMS[form](inner)

    return _SLOT.sub(fill, template)


def finish(text: str) -> str:
    """Agreement of "a" and "an", a capital at the start, a full stop unless there is a question."""
    text = re.sub(r"\b([Aa])n? (?=[aeiou])", r"\1n ", text)
    text = text[0].upper() + text[1:]
    return text if text.endswith("?") else text + "."


def grammar_sentence(rng: random.Random) -> str:
    """One sentence of at most `MAX_WORDS` words from the grammar."""
    while True:
        text = finish(_expand("sentence", rng))
        if len(text.split()) <= MAX_WORDS:
            return text


def random_sentence(rng: random.Random, lowest: int = 3, highest: int = 8) -> str:
    """`lowest` to `highest` random words: nothing but listening helps here."""
    text = " ".join(rng.choice(vocabulary()) for _ in range(rng.randint(lowest, highest)))
    return text[0].upper() + text[1:] + "."


def normal(text: str) -> tuple[str, ...]:
    """The words of a text in lower case without punctuation: what scoring compares."""
    return tuple(re.sub(r"[^\w' ]", " ", text.lower()).split())


def sentences(
    count: int, random_share: float, seed: int, exclude: frozenset[tuple[str, ...]] = frozenset()
) -> list[Sentence]:
    """`count` distinct sentences, none of whose word sequences is in `exclude`."""
    rng = random.Random(seed)
    seen = set(exclude)
    result = list[Sentence]()
    while len(result) < count:
        kind = "random" if rng.random() < random_share else "grammar"
        text = random_sentence(rng) if kind == "random" else grammar_sentence(rng)
        key = normal(text)
        if key not in seen:
            seen.add(key)
            result.append(Sentence(text, kind))
    return result
