"""Names of weights: between the original layout and the native one, and what a LoRA may touch."""

import re
from collections.abc import Mapping

ORIGINAL_TO_NATIVE = {
    r"^thinker\.audio_tower\.proj1\.": "model.multi_modal_projector.linear_1.",
    r"^thinker\.audio_tower\.proj2\.": "model.multi_modal_projector.linear_2.",
    r"^thinker\.model\.": "model.language_model.",
    r"^thinker\.lm_head\.": "lm_head.",
    r"^thinker\.": "model.",
}
"""Patterns of original weight names -> beginnings of native ones. The first that matches counts."""

NATIVE_TO_ORIGINAL = {
    r"^model\.multi_modal_projector\.linear_1\.": "thinker.audio_tower.proj1.",
    r"^model\.multi_modal_projector\.linear_2\.": "thinker.audio_tower.proj2.",
    r"^model\.language_model\.": "thinker.model.",
    r"^lm_head\.": "thinker.lm_head.",
    r"^model\.": "thinker.",
}
"""The way back, by the same rule."""

ENCODER = (
    r"model\.audio_tower\.layers\.\d+\.(?:self_attn\.(?:q_proj|k_proj|v_proj|out_proj)|fc1|fc2)"
)
"""LoRA scope: the audio encoder's layers (native names, full match)."""

ALIGNER = r"model\.(?:audio_tower\.conv_out|multi_modal_projector\.linear_[12])"
"""LoRA scope: what joins the encoder to its neighbours."""

LANGUAGE_MODEL = (
    r"model\.language_model\.layers\.\d+\."
    r"(?:self_attn\.(?:q_proj|k_proj|v_proj|o_proj)|mlp\.(?:gate_proj|up_proj|down_proj))"
)
"""LoRA scope: the language model's layers."""

SCOPES = "|".join((ENCODER, ALIGNER, LANGUAGE_MODEL))
"""Every module that a LoRA of ours may touch."""


def native_module(name: str) -> str:
    """The native name of a module that an adapter names.

    The published adapter calls a layer of the language model both ``thinker.model.layers.*`` and
    ``thinker.layers.*``; both mean the same module.
    """
    name = re.sub(r"^thinker\.layers\.", "thinker.model.layers.", name)
    return native_weight(name + ".")[:-1]


def native_weight(name: str) -> str:
    """The native name of a weight of either layout."""
    return _renamed(name, ORIGINAL_TO_NATIVE)


def original_weight(name: str) -> str:
    """The original name of a weight of either layout."""
    return _renamed(name, NATIVE_TO_ORIGINAL)


def _renamed(name: str, rules: Mapping[str, str]) -> str:
    for pattern, beginning in rules.items():
        renamed, hits = re.subn(pattern, beginning, name)
        if hits:
            return renamed
    return name
