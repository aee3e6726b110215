"""Names and codes of languages."""

import pytest

from engine.errors import UsageError
from engine.languages import LANGUAGES, resolve


@pytest.mark.parametrize("given", ["en", "EN", "English", "english", " english "])
def test_codes_and_names_in_any_case(given: str) -> None:
    assert resolve(given) == "English"


@pytest.mark.parametrize("given", [None, "", "  ", "auto", "Auto"])
def test_nothing_means_detect(given: str | None) -> None:
    assert resolve(given) is None


def test_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="Klingon") as raised:
        resolve("Klingon")
    assert "yue" in raised.value.remedy


def test_the_names_are_those_of_the_processor() -> None:
    from transformers.models.qwen3_asr import processing_qwen3_asr

    assert processing_qwen3_asr.LANGUAGE_CODE_TO_NAME == LANGUAGES
