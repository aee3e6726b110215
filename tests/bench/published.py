"""The shapes of the published 1.7B model, without its weights; and where the shipped one lies."""

import re
from pathlib import Path

from torch import nn
from transformers import Qwen3ASRConfig

from engine.checkpoint.names import SCOPES

SHIPPED = Path(__file__).parents[2] / "resources" / "models" / "mini"


def published_config(*, layers: int | None = None, vocabulary: int = 151_936) -> Qwen3ASRConfig:
    """Published widths; fewer layers or words on request."""
    audio: dict[str, object] = {"output_dim": 2048}
    text: dict[str, object] = {
        "hidden_size": 2048,
        "intermediate_size": 6144,
        "num_hidden_layers": layers or 28,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "vocab_size": vocabulary,
    }
    if layers is not None:
        audio["encoder_layers"] = layers
        text["layer_types"] = ["full_attention"] * layers
    return Qwen3ASRConfig(audio_config=audio, text_config=text)


def adapted_layers(model: nn.Module) -> dict[str, nn.Linear]:
    """Every layer that the published adapter changes, by native name."""
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and re.fullmatch(SCOPES, name)
    }
