"""What the model wrote -> what it heard."""

import math
from typing import TYPE_CHECKING

from engine.languages import resolve
from engine.recognizer.clip import Clip, Hypothesis
from engine.recognizer.decoding import Answer

if TYPE_CHECKING:
    from transformers import Qwen3ASRProcessor

TEXT_MARK = "<asr_text>"
"""Between the tag (``language English``) and the words."""


def read_answer(processor: "Qwen3ASRProcessor", clip: Clip, answer: Answer) -> Hypothesis:
    """Parses the tag and the words of one answer.

    With a forced language the tag is part of the prompt, so all that was written is words.
    """
    raw_text: str = processor.tokenizer.decode(list(answer.token_ids), skip_special_tokens=True)
    parsed = processor.parse_output(raw_text)
    forced = resolve(clip.language)
    return Hypothesis(
        text=parsed["transcription"],
        language=forced or parsed["language"],
        confidence=_confidence(processor, answer),
        raw_text=raw_text,
        token_ids=answer.token_ids,
        truncated=answer.truncated,
    )


def _confidence(processor: "Qwen3ASRProcessor", answer: Answer) -> float:
    mark = processor.tokenizer.convert_tokens_to_ids(TEXT_MARK)
    start = answer.token_ids.index(mark) + 1 if mark in answer.token_ids else 0
    counted = answer.log_probabilities[start:] or answer.log_probabilities
    return math.exp(math.fsum(counted) / len(counted)) if counted else 0.0
