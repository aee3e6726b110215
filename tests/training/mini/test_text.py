"""Text of the training set."""

import random

import pytest

from training.mini.text import (
    MAX_WORDS,
    finish,
    grammar_sentence,
    normal,
    participle,
    past,
    plural,
    sentences,
    vocabulary,
)


def test_the_same_seed_gives_the_same_sentences() -> None:
    assert sentences(200, 0.3, seed=4) == sentences(200, 0.3, seed=4)
    assert sentences(200, 0.3, seed=4) != sentences(200, 0.3, seed=5)


def test_no_training_sentence_is_a_test_sentence_even_in_other_case() -> None:
    tests = frozenset(normal(sentence.text) for sentence in sentences(500, 0.1, seed=1))
    training = sentences(3000, 0.3, seed=1, exclude=tests)
    assert not tests & {normal(sentence.text) for sentence in training}


def test_the_vocabulary_is_large_and_the_grammar_uses_it() -> None:
    assert len(vocabulary()) > 2000
    words = {word for sentence in sentences(8000, 0.0, seed=2) for word in normal(sentence.text)}
    assert len(words) > 2000


def test_sentences_are_cased_punctuated_and_short() -> None:
    rng = random.Random(0)
    for _ in range(300):
        text = grammar_sentence(rng)
        assert text[0].isupper()
        assert text[-1] in ".?"
        assert len(text.split()) <= MAX_WORDS
        assert "{" not in text


def test_a_random_share_of_one_gives_random_words_only() -> None:
    assert {sentence.kind for sentence in sentences(20, 1.0, seed=3)} == {"random"}


@pytest.mark.parametrize(
    ("form", "word", "expected"),
    [
        (plural, "city", "cities"),
        (plural, "day", "days"),
        (plural, "church", "churches"),
        (plural, "child", "children"),
        (plural, "postman", "postmen"),
        (past, "carry", "carried"),
        (past, "play", "played"),
        (past, "drop", "dropped"),
        (past, "hide from", "hid from"),
        (participle, "bake", "baking"),
        (participle, "catch up", "catching up"),
        (participle, "agree", "agreeing"),
    ],
)
def test_word_forms(form, word: str, expected: str) -> None:
    assert form(word) == expected


def test_an_article_agrees_with_its_word() -> None:
    assert finish("a apple on a table") == "An apple on a table."
