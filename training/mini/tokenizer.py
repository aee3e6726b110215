"""Byte-level BPE of 1,024 tokens in the Qwen2 tokenizer class, and the processor around it."""

import json
from collections.abc import Iterable
from typing import Any

from transformers import Qwen2Tokenizer
from transformers.models.qwen3_asr.feature_extraction_qwen3_asr import Qwen3ASRFeatureExtractor
from transformers.models.qwen3_asr.processing_qwen3_asr import Qwen3ASRProcessor

VOCABULARY_SIZE = 1024
END_OF_TEXT = "<|endoftext|>"
AUDIO = "<|audio_pad|>"
AUDIO_START = "<|audio_start|>"
AUDIO_END = "<|audio_end|>"
TURN_START = "<|im_start|>"
TURN_END = "<|im_end|>"
TEXT = "<asr_text>"
TIMESTAMP = "<timestamp>"
# What the prompt is made of, repeated so that each word becomes one token.
_FRAME_WORDS = ["system\n", "user\n", "assistant\n", "language English", "language None"] * 2000

# As Qwen3-ASR's: a system turn always, audio as one placeholder, assistant turns open for masks.
CHAT_TEMPLATE = """\
{%- set ns = namespace(system='') -%}
{%- for message in messages if message.role == 'system' -%}
{%- if message.content is string -%}
{%- set ns.system = ns.system + message.content -%}
{%- else -%}
{%- for part in message.content if part.type == 'text' -%}
{%- set ns.system = ns.system + part.text -%}
{%- endfor -%}
{%- endif -%}
{%- endfor -%}
{{- '<|im_start|>system\\n' + ns.system + '<|im_end|>\\n' -}}
{%- for message in messages if message.role != 'system' -%}
{{- '<|im_start|>' + message.role + '\\n' -}}
{%- if message.role == 'assistant' -%}
{%- generation -%}
{%- if message.content is string -%}
{{- message.content -}}
{%- else -%}
{%- for part in message.content if part.type == 'text' -%}{{- part.text -}}{%- endfor -%}
{%- endif -%}
{{- '<|im_end|>' -}}
{%- endgeneration -%}
{{- '\\n' -}}
{%- else -%}
{%- if message.content is string -%}
{{- message.content -}}
{%- else -%}
{%- for part in message.content -%}
{%- if part.type == 'audio' or 'audio' in part -%}
{{- '<|audio_start|><|audio_pad|><|audio_end|>' -}}
{%- elif part.type == 'text' -%}
{{- part.text -}}
{%- endif -%}
{%- endfor -%}
{%- endif -%}
{{- '<|im_end|>\\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
"""


def train_tokenizer(texts: Iterable[str]) -> Any:
    """A Qwen2 tokenizer with merges learned from the texts and Qwen3-ASR's special tokens.

    `<asr_text>` is not special, or parsing would lose the language tag; padding is not the token
    that ends a turn, or the end would never be learned.
    """
    blank = Qwen2Tokenizer(
        vocab={END_OF_TEXT: 0},
        merges=[],
        unk_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        model_max_length=4096,
    )
    specials = [END_OF_TEXT, AUDIO, AUDIO_START, AUDIO_END, TURN_START, TURN_END]
    ordinary = [TEXT, TIMESTAMP]
    learned = blank.train_new_from_iterator(
        [*texts, *_FRAME_WORDS], vocab_size=VOCABULARY_SIZE - len(specials) - len(ordinary) + 1
    )
    tokenizer = Qwen2Tokenizer(
        vocab=learned.get_vocab(),
        merges=_merges(learned),
        unk_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        model_max_length=4096,
        extra_special_tokens={
            "audio_token": AUDIO,
            "audio_bos_token": AUDIO_START,
            "audio_eos_token": AUDIO_END,
        },
    )
    tokenizer.add_tokens([TURN_START, TURN_END], special_tokens=True)
    tokenizer.add_tokens(ordinary, special_tokens=False)
    return tokenizer


def _merges(tokenizer: Any) -> list[tuple[str, str]]:
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    return [(left, right) for left, right in state["model"]["merges"]]


def make_processor(tokenizer: Any) -> Any:
    """The stock processor: 128 bands, chunks of 1 s, the chat template above."""
    return Qwen3ASRProcessor(Qwen3ASRFeatureExtractor(), tokenizer, chat_template=CHAT_TEMPLATE)
