"""Tokenizer and processor."""

from pathlib import Path

import numpy as np
import pytest
from transformers import AutoProcessor

from training.mini.text import sentences
from training.mini.tokenizer import VOCABULARY_SIZE, make_processor, train_tokenizer


@pytest.fixture(scope="module")
def processor(tmp_path_factory: pytest.TempPathFactory) -> object:
    folder: Path = tmp_path_factory.mktemp("processor")
    texts = [sentence.text for sentence in sentences(3000, 0.3, seed=1)]
    make_processor(train_tokenizer(texts)).save_pretrained(folder)
    return AutoProcessor.from_pretrained(folder)


def test_any_text_comes_back(processor) -> None:
    tokenizer = processor.tokenizer
    assert len(tokenizer) == VOCABULARY_SIZE
    for text in ["Don't forget, Zoë!", "language English<asr_text>Hello there.", "日本  x\n"]:
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_the_prompt_has_one_placeholder_for_each_audio_token(processor) -> None:
    second = np.zeros(16_000, dtype=np.float32)
    inputs = processor.apply_transcription_request([second], prompt=["kettle"])
    text = processor.tokenizer.decode(inputs["input_ids"][0])
    assert text.count("<|audio_pad|>") == 13
    assert text.startswith("<|im_start|>system\nkettle<|im_end|>\n<|im_start|>user\n")
    assert text.endswith("<|im_end|>\n<|im_start|>assistant\n")


def test_a_forced_language_opens_the_answer(processor) -> None:
    inputs = processor.apply_transcription_request(
        [np.zeros(16_000, dtype=np.float32)], language="English"
    )
    assert processor.tokenizer.decode(inputs["input_ids"][0]).endswith("language English<asr_text>")


def test_the_language_tag_survives_parsing(processor) -> None:
    ids = processor.tokenizer("language English<asr_text>Hello.<|im_end|>")["input_ids"]
    parsed = processor.decode(ids, return_format="parsed")
    assert parsed == {"language": "English", "transcription": "Hello."}
