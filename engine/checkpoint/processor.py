"""The processor of a base model: feature extractor, tokenizer and chat template."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.checkpoint.folder import BaseLayout, ModelFolder, read_json, write_json
from engine.errors import LayoutError

if TYPE_CHECKING:
    from transformers import Qwen3ASRProcessor

CHAT_TEMPLATE = """\
{%- macro words(content) -%}
{%- if content is string -%}{{- content -}}
{%- else -%}{%- for part in content if part.type == 'text' -%}{{- part.text -}}{%- endfor -%}
{%- endif -%}
{%- endmacro -%}
{{- '<|im_start|>system\\n' -}}
{%- for message in messages if message.role == 'system' -%}{{- words(message.content) -}}
{%- endfor -%}
{{- '<|im_end|>\\n' -}}
{%- for message in messages -%}
{%- if message.role == 'user' -%}
{{- '<|im_start|>user\\n<|audio_start|><|audio_pad|><|audio_end|>' -}}
{{- words(message.content) + '<|im_end|>\\n' -}}
{%- elif message.role == 'assistant' -%}
{{- '<|im_start|>assistant\\n' -}}
{%- generation -%}{{- words(message.content) + '<|im_end|>' -}}{%- endgeneration -%}
{{- '\\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
"""
"""The original prompt, which also renders what the assistant says (the original one cannot): that
is how a language is forced, and how training finds the words to learn."""

PUBLISHED_TEMPLATE = """\
{%- set found = namespace(context='', clips='') -%}
{%- for message in messages -%}
{%- if message.content is string -%}
{%- if message.role == 'system' -%}
{%- set found.context = found.context + message.content -%}
{%- endif -%}
{%- else -%}
{%- for part in message.content -%}
{%- if part.type == 'text' -%}
{%- if message.role == 'system' -%}
{%- set found.context = found.context + part.text -%}
{%- endif -%}
{%- elif part.type == 'audio' or 'audio' in part or 'audio_url' in part -%}
{%- set found.clips = found.clips + '<|audio_start|><|audio_pad|><|audio_end|>' -%}
{%- endif -%}
{%- endfor -%}
{%- endif -%}
{%- endfor -%}
{{- '<|im_start|>system\\n' + found.context + '<|im_end|>\\n' -}}
{{- '<|im_start|>user\\n' + found.clips + '<|im_end|>\\n' -}}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
"""
"""The same prompt for other programs, in the form of the published one: a mark for each clip, and
nothing of what the assistant says. vLLM gives content as parts only to a template in which it sees
a loop over ``content`` of a message; a loop inside a macro it does not see, and would put marks of
its own beside those of the template."""

_AUDIO_TOKENS = {
    "audio_bos_token": "<|audio_start|>",
    "audio_eos_token": "<|audio_end|>",
    "audio_token": "<|audio_pad|>",
}
_TOKENIZER = _AUDIO_TOKENS | {
    "add_prefix_space": False,
    "bos_token": None,
    "clean_up_tokenization_spaces": False,
    "eos_token": "<|im_end|>",
    "errors": "replace",
    "extra_special_tokens": _AUDIO_TOKENS,  # Without it the official processor does not load.
    "pad_token": "<|endoftext|>",
    "processor_class": "Qwen3ASRProcessor",
    "split_special_tokens": False,
    "tokenizer_class": "Qwen2Tokenizer",
    "unk_token": None,
}
_FEATURES = {
    "chunk_length": 30,
    "dither": 0.0,
    "feature_extractor_type": "WhisperFeatureExtractor",
    "feature_size": 128,
    "hop_length": 160,
    "n_fft": 400,
    "n_samples": 480_000,
    "nb_max_frames": 3000,
    "padding_side": "right",
    "padding_value": 0.0,
    "processor_class": "Qwen3ASRProcessor",
    "return_attention_mask": True,
    "sampling_rate": 16_000,
}


def load_processor(folder: ModelFolder) -> "Qwen3ASRProcessor":
    """Builds the processor. An original folder names the wrong feature extractor and template.

    Raises:
        LayoutError: the tokenizer's files are absent or damaged.
    """
    from transformers import Qwen2Tokenizer, Qwen3ASRFeatureExtractor, Qwen3ASRProcessor

    files = [folder.base / name for name in ("tokenizer.json", "vocab.json")]
    present = [path for path in files if path.is_file()]
    if not present:
        # transformers would make one up that knows a single token.
        raise LayoutError(f"{folder.base} holds no tokenizer.")
    # The tokenizers library answers damaged files with a bare Exception.
    described = {path.name: read_json(path) for path in present}
    merges = folder.base / "merges.txt"
    if merges.is_file() and "vocab.json" in described:
        _check_merges(merges, described["vocab.json"])
    try:
        if folder.layout is BaseLayout.NATIVE:
            return Qwen3ASRProcessor.from_pretrained(folder.base, local_files_only=True)
        tokenizer = Qwen2Tokenizer.from_pretrained(folder.base, local_files_only=True)
        return Qwen3ASRProcessor(Qwen3ASRFeatureExtractor(), tokenizer, chat_template=CHAT_TEMPLATE)
    except (OSError, ValueError, AttributeError) as error:
        raise LayoutError(f"The tokenizer in {folder.base} cannot be read: {error}.") from error


def save_processor(processor: "Qwen3ASRProcessor", out: Path, layout: BaseLayout) -> None:
    """Writes the processor's files as ``layout`` has them.

    Args:
        processor: as `load_processor` gives it.
        out: an existing folder.
        layout: native: what transformers writes; original: ``vocab.json``, ``merges.txt``,
            ``tokenizer_config.json``, ``preprocessor_config.json`` and ``chat_template.json``.

    Raises:
        OSError: the folder cannot be written.
    """
    if layout is BaseLayout.NATIVE:
        processor.save_pretrained(out)
        return
    # The only way from a tokenizer to its merges.
    content = json.loads(processor.tokenizer.backend_tokenizer.to_str())
    added = {str(token.pop("id")): token for token in content["added_tokens"]}
    special = [token["content"] for token in added.values() if token["special"]]
    tokenizer = {"added_tokens_decoder": added, "additional_special_tokens": special} | _TOKENIZER
    for name, settings in (
        ("vocab.json", content["model"]["vocab"]),
        ("tokenizer_config.json", tokenizer),
        ("preprocessor_config.json", _FEATURES),
        ("chat_template.json", {"chat_template": PUBLISHED_TEMPLATE}),
    ):
        write_json(out / name, settings)
    merges = [" ".join(pair) for pair in content["model"]["merges"]]
    lines = "\n".join(["#version: 0.2", *merges, ""])
    (out / "merges.txt").write_text(lines, encoding="utf-8", newline="\n")


def _check_merges(path: Path, vocabulary: Mapping[str, object]) -> None:
    """Each line joins two pieces of the vocabulary to a third; the first line may say a version."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line or line.startswith("#version"):
            continue
        pieces = line.split(" ")
        if len(pieces) != 2 or any(piece not in vocabulary for piece in (*pieces, "".join(pieces))):
            raise LayoutError(f"{path} is damaged in line {number}.")
