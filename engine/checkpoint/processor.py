"""The processor of a base model: feature extractor, tokenizer and chat template."""

from typing import TYPE_CHECKING

from engine.checkpoint.folder import BaseLayout, ModelFolder, read_json
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

_UNREADABLE = (OSError, ValueError, AttributeError)


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
    for path in present:
        read_json(path)  # names the file that is damaged
    try:
        if folder.layout is BaseLayout.NATIVE:
            return Qwen3ASRProcessor.from_pretrained(folder.base, local_files_only=True)
        tokenizer = Qwen2Tokenizer.from_pretrained(folder.base, local_files_only=True)
        return Qwen3ASRProcessor(Qwen3ASRFeatureExtractor(), tokenizer, chat_template=CHAT_TEMPLATE)
    except Exception as error:
        # The tokenizers library answers damaged merges with a bare Exception and nothing narrower.
        if type(error) is not Exception and not isinstance(error, _UNREADABLE):
            raise
        raise LayoutError(f"The tokenizer in {folder.base} cannot be read: {error}.") from error
