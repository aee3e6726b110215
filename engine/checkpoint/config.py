"""Configuration of a base model, from either layout, and how it generates."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.checkpoint.folder import WINDOWED, BaseLayout, ModelFolder, read_json, understood
from engine.errors import LayoutError

if TYPE_CHECKING:
    from transformers import GenerationConfig, PreTrainedTokenizerBase, Qwen3ASRConfig

GLOBAL_WINDOW_FRAMES = 130_000
"""Attention window of the audio encoder that no clip fills: 1,300 s of log-mel frames."""

LANGUAGES_KEY = "support_languages"
"""English names of the languages that a model knows; the official package shows them."""

_TEXT_KEYS = (
    "attention_bias",
    "attention_dropout",
    "head_dim",
    "hidden_act",
    "hidden_size",
    "initializer_range",
    "intermediate_size",
    "max_position_embeddings",
    "num_attention_heads",
    "num_hidden_layers",
    "num_key_value_heads",
    "rms_norm_eps",
    "tie_word_embeddings",
    "vocab_size",
)
_AUDIO_KEYS = (
    "activation_dropout",
    "activation_function",
    "attention_dropout",
    "d_model",
    "downsample_hidden_size",
    "dropout",
    "encoder_attention_heads",
    "encoder_ffn_dim",
    "encoder_layers",
    "initializer_range",
    "n_window",
    "n_window_infer",
    "num_mel_bins",
    "output_dim",
    "scale_embedding",
)


def read_config(folder: ModelFolder) -> "Qwen3ASRConfig":
    """The configuration in the native form, with the folder's profile applied.

    Raises:
        LayoutError: the file is not a configuration of this model.
    """
    from huggingface_hub.errors import StrictDataclassError
    from transformers import Qwen3ASRConfig

    path = folder.base / "config.json"
    content = content_as_run(folder)
    with understood(path):
        if folder.layout is BaseLayout.ORIGINAL:
            content = native_content(content)
        try:
            return Qwen3ASRConfig(**content)
        except StrictDataclassError as error:
            raise LayoutError(f"{path} does not fit this model: {error}.") from error


def content_as_run(folder: ModelFolder) -> dict[str, Any]:
    """``config.json`` in the layout of the folder, asking for the attention that its profile means.

    A published original asks for windows of 8 s, and is trained and run without any: a program that
    takes the file at its word would run another model than ours.

    Raises:
        LayoutError: the file is not a configuration of this model.
    """
    path = folder.base / "config.json"
    content = read_json(path)
    if folder.profile.global_attention:
        with understood(path):
            original = folder.layout is BaseLayout.ORIGINAL
            model = content["thinker_config"] if original else content
            model["audio_config"]["n_window_infer"] = GLOBAL_WINDOW_FRAMES
    return content


def native_content(original: dict[str, Any]) -> dict[str, Any]:
    """An original ``config.json`` (nested ``thinker_config``) in native form.

    What is left out is bookkeeping of old versions, and M-RoPE: with audio and text alone it
    equals plain RoPE.

    Raises:
        LookupError, TypeError, ValueError: a part is absent or of another kind.
    """
    thinker = original["thinker_config"]
    text, audio = thinker["text_config"], thinker["audio_config"]
    rope = {"rope_type": "default", "rope_theta": float(text["rope_theta"])}
    native = {
        "audio_token_id": thinker["audio_token_id"],
        "text_config": {key: text[key] for key in _TEXT_KEYS if key in text},
        "audio_config": {key: audio[key] for key in _AUDIO_KEYS if key in audio},
    }
    native["text_config"] |= {"model_type": "qwen3", "rope_parameters": rope}
    # Positions count the 13 steps of one chunk; the original's 1,500 is Whisper's and unused.
    native["audio_config"] |= {"model_type": "qwen3_asr_encoder", "max_position_embeddings": 13}
    native["tie_word_embeddings"] = text.get("tie_word_embeddings", True)
    if "initializer_range" in thinker:
        native["initializer_range"] = thinker["initializer_range"]
    if LANGUAGES_KEY in original:  # so that the way back still knows them
        native[LANGUAGES_KEY] = original[LANGUAGES_KEY]
    return native


def original_content(native: "Qwen3ASRConfig", tokens: Mapping[str, int]) -> dict[str, Any]:
    """The way back from `native_content`: an original ``config.json``.

    M-RoPE is asked for as the published model asks for it, with the published shares of a head.
    Where the native model attends in windows, `WINDOWED` says so to our own loader. Languages are
    those that the base names; a native one may name none: transformers knows no such field.

    Args:
        native: the configuration, as `read_config` gives it.
        tokens: ids of ``audio_start``, ``audio_end`` and ``user``.
    """
    content = native.to_dict()
    text, audio = content["text_config"], content["audio_config"]
    half = text["head_dim"] // 2
    width = half * 20 // 64
    rope = {
        "interleaved": True,
        "mrope_interleaved": True,
        "mrope_section": [half - 2 * width, width, width],
        "rope_type": "default",
        "type": "default",
    }
    thinker = {
        "audio_config": {key: audio[key] for key in _AUDIO_KEYS if key in audio}
        | {
            "model_type": "qwen3_asr_audio_encoder",
            "num_hidden_layers": audio["encoder_layers"],
            "max_source_positions": 1500,
            "conv_chunksize": 500,
        },
        "text_config": {key: text[key] for key in _TEXT_KEYS if key in text}
        | {
            "model_type": "qwen3_asr_text",
            "rope_scaling": rope,
            "rope_theta": text["rope_parameters"]["rope_theta"],
        },
        "audio_token_id": content["audio_token_id"],
        "audio_start_token_id": tokens["audio_start"],
        "audio_end_token_id": tokens["audio_end"],
        "user_token_id": tokens["user"],
        "initializer_range": content["initializer_range"],
        "model_type": "qwen3_asr_thinker",
    }
    original: dict[str, Any] = {
        "architectures": ["Qwen3ASRForConditionalGeneration"],
        "model_type": "qwen3_asr",
        "thinker_config": thinker,
    }
    if LANGUAGES_KEY in content:
        original[LANGUAGES_KEY] = content[LANGUAGES_KEY]
    if audio["n_window_infer"] < GLOBAL_WINDOW_FRAMES:
        original[WINDOWED] = True
    return original


def generation_config(base: Path, tokenizer: "PreTrainedTokenizerBase") -> "GenerationConfig":
    """Greedy decoding that ends at either end mark.

    Only the ids are taken from the folder; sampling settings that came along are not.
    """
    from transformers import GenerationConfig

    path = base / "generation_config.json"
    stated = read_json(path) if path.is_file() else {}
    ends = tokenizer.convert_tokens_to_ids(["<|endoftext|>", "<|im_end|>"])
    return GenerationConfig(
        do_sample=False,
        eos_token_id=stated.get("eos_token_id", ends),
        pad_token_id=stated.get("pad_token_id", tokenizer.pad_token_id),
    )
