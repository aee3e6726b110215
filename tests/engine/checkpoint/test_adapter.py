"""Adapters of every layout become one canonical form that means the same."""

import json
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from engine.checkpoint import locate
from engine.checkpoint.adapter import Adapter, read_adapter
from engine.checkpoint.base import load_base
from engine.checkpoint.mount import mount
from engine.checkpoint.names import ALIGNER, ENCODER, LANGUAGE_MODEL, SCOPES
from engine.errors import KeyMismatchError, LayoutError

PREFIX = "base_model.model."
QUERY = "model.language_model.layers.0.self_attn.q_proj"
ORIGINAL_QUERIES = ("thinker.model.layers.0.self_attn.q_proj", "thinker.layers.0.self_attn.q_proj")


@pytest.fixture
def folder(published_layout, tmp_path) -> Path:
    """The published adapter, which a test may change."""
    return shutil.copytree(published_layout / "mega-asr-merged", tmp_path / "adapter")


def _rewrite(folder: Path, **settings: object) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def _tensors(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "adapter_model.safetensors")


def _delta(adapter: Adapter, module: str) -> torch.Tensor:
    return adapter.up[module] @ adapter.down[module]


def _product(tensors: dict[str, torch.Tensor], module: str) -> torch.Tensor:
    b, a = (tensors[f"{PREFIX}{module}.lora_{side}.weight"] for side in "BA")
    return b @ a


def test_the_doubled_names_are_summed_with_their_own_scales(folder):
    first, second = ORIGINAL_QUERIES
    _rewrite(folder, alpha_pattern={first: 4, second: 24}, rank_pattern={first: 8, second: 8})
    settings = json.loads((folder / "adapter_config.json").read_text())
    for module in settings["target_modules"]:
        if module not in ORIGINAL_QUERIES and not module.startswith(("thinker.model", "thinker.l")):
            settings["rank_pattern"][module] = 16
    _rewrite(folder, **settings)
    adapter = read_adapter(folder)
    tensors = _tensors(folder)
    expected = 0.5 * _product(tensors, first) + 3 * _product(tensors, second)
    torch.testing.assert_close(_delta(adapter, QUERY), expected)


def test_the_canonical_form_is_one_rank_and_native_names(published_layout):
    adapter = read_adapter(published_layout / "mega-asr-merged")
    assert adapter.rank == 16
    assert len(adapter.down) == 2 * 6 + 3 + 2 * 7
    for module, down in adapter.down.items():
        assert re.fullmatch(SCOPES, module)
        assert down.shape[0] == adapter.up[module].shape[1] == adapter.rank


def test_shorter_modules_are_filled_with_zeros(folder):
    tensors = _tensors(folder)
    short = "thinker.audio_tower.conv_out"
    for side, dim in (("A", 0), ("B", 1)):
        key = f"{PREFIX}{short}.lora_{side}.weight"
        tensors[key] = tensors[key].narrow(dim, 0, 4).contiguous()
    save_file(tensors, folder / "adapter_model.safetensors")
    config = json.loads((folder / "adapter_config.json").read_text())
    _rewrite(folder, rank_pattern=config["rank_pattern"] | {short: 4}, alpha_pattern={short: 8})
    adapter = read_adapter(folder)
    assert adapter.down["model.audio_tower.conv_out"].shape[0] == 16
    expected = 2 * _product(tensors, short)
    torch.testing.assert_close(_delta(adapter, "model.audio_tower.conv_out"), expected)


def test_blocks_have_their_own_scales(folder):
    module = "thinker.audio_tower.conv_out"
    blocks = [
        {"start": 0, "end": 8, "rank": 8, "alpha": 16},
        {"start": 8, "end": 16, "rank": 8, "alpha": 4},
    ]
    (folder / "mega_lora_blocks.json").write_text(json.dumps({module: blocks}))
    tensors = _tensors(folder)
    b, a = (tensors[f"{PREFIX}{module}.lora_{side}.weight"] for side in "BA")
    expected = 2 * b[:, :8] @ a[:8] + 0.5 * b[:, 8:] @ a[8:]
    torch.testing.assert_close(_delta(read_adapter(folder), "model.audio_tower.conv_out"), expected)


@pytest.mark.parametrize("ends", [(8, 12), (8, 20), (10, 16)])
def test_blocks_cover_every_column_once(folder, ends):
    first, last = ends
    blocks = [
        {"start": 0, "end": first, "rank": 8, "alpha": 16},
        {"start": 8, "end": last, "rank": 8, "alpha": 16},
    ]
    content = {"thinker.audio_tower.conv_out": blocks}
    (folder / "mega_lora_blocks.json").write_text(json.dumps(content))
    with pytest.raises(KeyMismatchError, match="conv_out"):
        read_adapter(folder)


def test_blocks_of_a_module_without_tensors(folder):
    content = {"thinker.audio_tower.conv_in": [{"start": 0, "end": 8, "rank": 8, "alpha": 16}]}
    (folder / "mega_lora_blocks.json").write_text(json.dumps(content))
    with pytest.raises(KeyMismatchError, match="conv_in"):
        read_adapter(folder)


@pytest.mark.parametrize(
    "settings",
    [
        {"lora_alpha": "much", "alpha_pattern": {}},
        {"rank_pattern": [8]},
        {"rank_pattern": {"(": 8}},
        {"target_modules": 5},
        {"target_modules": "("},
    ],
)
def test_settings_that_make_no_sense(folder, settings):
    _rewrite(folder, **settings)
    with pytest.raises(LayoutError, match="make no sense"):
        read_adapter(folder)


@pytest.mark.parametrize("blocks", [5, [{"start": 0}], [{"start": "a", "end": 2}]])
def test_blocks_that_make_no_sense(folder, blocks):
    content = {"thinker.audio_tower.conv_out": blocks}
    (folder / "mega_lora_blocks.json").write_text(json.dumps(content))
    with pytest.raises(LayoutError, match="make no sense"):
        read_adapter(folder)


@pytest.mark.parametrize(
    "change",
    ["one side", "embedding", "unknown module", "rank", "listed"],
)
def test_every_key_is_accounted_for(folder, change):
    tensors = _tensors(folder)
    key = f"{PREFIX}{ORIGINAL_QUERIES[0]}"
    if change == "one side":
        del tensors[f"{key}.lora_B.weight"]
    elif change == "embedding":
        tensors[f"{PREFIX}thinker.model.embed_tokens.lora_embedding_A"] = torch.zeros(2, 2)
    elif change == "unknown module":
        for side in "AB":
            weight = tensors[f"{key}.lora_{side}.weight"].clone()
            tensors[f"{PREFIX}thinker.talker.q_proj.lora_{side}.weight"] = weight
    elif change == "rank":
        for side, dim in (("A", 0), ("B", 1)):
            weight = tensors[f"{key}.lora_{side}.weight"]
            tensors[f"{key}.lora_{side}.weight"] = weight.narrow(dim, 0, 4).contiguous()
    else:
        for side in "AB":
            del tensors[f"{key}.lora_{side}.weight"]
    save_file(tensors, folder / "adapter_model.safetensors")
    with pytest.raises(KeyMismatchError):
        read_adapter(folder)


@pytest.mark.parametrize(
    "settings",
    [{"peft_type": "IA3"}, {"use_dora": True}, {"bias": "all"}, {"modules_to_save": ["lm_head"]}],
)
def test_other_kinds_of_adapter_are_refused(folder, settings):
    _rewrite(folder, **settings)
    with pytest.raises(LayoutError):
        read_adapter(folder)


def _base(published_layout: Path):
    return load_base(locate(published_layout / "Qwen3-ASR-1.7B"), "cpu", torch.float32)


# PEFT asks transformers by a name that is on its way out.
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
@pytest.mark.parametrize(
    "settings",
    [
        {"target_modules": "|".join((ENCODER, ALIGNER, LANGUAGE_MODEL))},
        {"target_modules": ["q_proj", "fc1", "conv_out"], "use_rslora": True},
        {
            "target_modules": SCOPES,
            "rank_pattern": {"self_attn.q_proj": 2},
            "alpha_pattern": {QUERY: 12},
        },
    ],
    ids=["scopes", "ends of names", "patterns"],
)
def test_a_peft_folder_means_what_peft_means(published_layout, speech, tmp_path, settings):
    model, processor = _base(published_layout)
    inputs = processor.apply_transcription_request([speech["kettle"]])
    torch.manual_seed(1)
    wrapped = get_peft_model(
        model, LoraConfig(r=4, lora_alpha=8, init_lora_weights=False, **settings)
    ).eval()
    wrapped.save_pretrained(tmp_path)
    with torch.inference_mode():
        expected = wrapped(**inputs).logits

    model, _ = _base(published_layout)
    mount(model, read_adapter(tmp_path))
    with torch.inference_mode():
        torch.testing.assert_close(model(**inputs).logits, expected, rtol=0, atol=1e-4)


def test_mounting_keeps_the_dtype_of_the_model_and_trains_nothing(published_layout):
    folder = locate(published_layout)
    model, _ = load_base(folder, "cpu", torch.bfloat16)
    mount(model, read_adapter(folder.adapter))
    lora = [p for name, p in model.named_parameters() if "lora_" in name]
    assert len(lora) == 2 * 29
    assert {p.dtype for p in lora} == {torch.bfloat16}
    assert not any(p.requires_grad for p in model.parameters())


def test_an_adapter_of_another_model_is_refused(published_layout):
    adapter = read_adapter(published_layout / "mega-asr-merged")
    model, _ = _base(published_layout)
    other_size = adapter.down | {QUERY: torch.zeros(adapter.rank, 7)}
    with pytest.raises(KeyMismatchError, match="another model"):
        mount(model, replace(adapter, down=other_size))
    deeper = QUERY.replace("layers.0", "layers.9")
    with pytest.raises(KeyMismatchError, match="does not have"):
        mount(
            model,
            replace(
                adapter,
                down=adapter.down | {deeper: adapter.down[QUERY]},
                up=adapter.up | {deeper: adapter.up[QUERY]},
            ),
        )
    fewer = {name: a for name, a in adapter.down.items() if name != QUERY}
    with pytest.raises(KeyMismatchError, match="lacks the tensors"):
        mount(model, replace(adapter, down=fewer))
    assert not any("lora" in name for name, _ in model.named_modules())


def test_rslora_scales_by_the_root_of_the_rank(folder):
    tensors = _tensors(folder)
    _rewrite(folder, use_rslora=True, alpha_pattern={})
    expected = 16 / math.sqrt(16) * _product(tensors, "thinker.audio_tower.conv_out")
    torch.testing.assert_close(_delta(read_adapter(folder), "model.audio_tower.conv_out"), expected)
