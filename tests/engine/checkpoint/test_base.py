"""Loading a base model of either layout, and refusing one whose tensors do not add up."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers.utils.logging import disable_progress_bar

from engine.checkpoint import BaseLayout, ModelFolder, Profile, locate
from engine.checkpoint.base import load_base, stored_dtype
from engine.checkpoint.names import native_module
from engine.errors import KeyMismatchError, LayoutError

SHARD = "model-00002-of-00002.safetensors"


@pytest.fixture
def original(published_layout, tmp_path) -> ModelFolder:
    """A bare base in the original layout that a test may damage."""
    return locate(shutil.copytree(published_layout / "Qwen3-ASR-1.7B", tmp_path / "original"))


def _first_scores(folder: ModelFolder, samples: np.ndarray) -> torch.Tensor:
    model, processor = load_base(folder, "cpu", torch.float32)
    with torch.inference_mode():
        return model(**processor.apply_transcription_request([samples])).logits[0, -1]


def test_the_native_layout_gives_the_same_as_the_original(original, speech, tmp_path):
    model, processor = load_base(original, "cpu", torch.float32)
    disable_progress_bar()
    model.save_pretrained(tmp_path / "native", save_original_format=False)
    processor.save_pretrained(tmp_path / "native")
    native = locate(tmp_path / "native")
    assert native.layout is BaseLayout.NATIVE
    expected = _first_scores(original, speech["train"])
    assert torch.equal(_first_scores(native, speech["train"]), expected)


def test_generation_is_greedy_and_ends_at_both_marks(original):
    model, processor = load_base(original, "cpu", torch.float32)
    marks = processor.tokenizer.convert_tokens_to_ids(["<|endoftext|>", "<|im_end|>"])
    assert sorted(model.generation_config.eos_token_id) == sorted(marks)
    assert model.generation_config.pad_token_id in marks
    assert not model.generation_config.do_sample
    (original.base / "generation_config.json").unlink()
    model, _ = load_base(original, "cpu", torch.float32)
    assert sorted(model.generation_config.eos_token_id) == sorted(marks)


def test_the_model_is_frozen_and_in_the_dtype_asked_for(original):
    model, _ = load_base(original, "cpu", torch.bfloat16)
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert {p.dtype for p in model.parameters()} == {torch.bfloat16}
    assert stored_dtype(original) is torch.float32


def test_the_profile_sets_the_attention_window(original):
    assert original.profile.global_attention
    model, _ = load_base(original, "cpu", torch.float32)
    assert model.model.audio_tower.n_window_infer == 130_000
    windowed = replace(original, profile=Profile(global_attention=False))
    model, _ = load_base(windowed, "cpu", torch.float32)
    assert model.model.audio_tower.n_window_infer == 800


def test_the_template_marks_what_the_assistant_says(original):
    _, processor = load_base(original, "cpu", torch.float32)
    conversation = [
        {"role": "system", "content": "Olivia"},
        {"role": "user", "content": [{"type": "audio", "audio": np.zeros(16_000, np.float32)}]},
        {"role": "assistant", "content": "language English<asr_text>Hello."},
    ]
    assert processor.apply_chat_template(conversation, tokenize=False) == (
        "<|im_start|>system\nOlivia<|im_end|>\n"
        "<|im_start|>user\n<|audio_start|><|audio_pad|><|audio_end|><|im_end|>\n"
        "<|im_start|>assistant\nlanguage English<asr_text>Hello.<|im_end|>\n"
    )
    inputs = processor.apply_chat_template(
        [conversation], tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    said = inputs["input_ids"][0][np.asarray(inputs["assistant_masks"][0], bool)]
    expected = "language English<asr_text>Hello.<|im_end|>"
    assert processor.tokenizer.decode(said, skip_special_tokens=False) == expected


@pytest.mark.parametrize("damage", ["missing", "unexpected", "shape"])
def test_tensors_that_do_not_add_up_are_an_error(original, damage):
    tensors = load_file(original.base / SHARD)
    name = "thinker.model.norm.weight"
    if damage == "missing":
        del tensors[name]
    elif damage == "unexpected":
        tensors["thinker.talker.weight"] = torch.zeros(2)
    else:
        tensors[name] = torch.zeros(7)
    save_file(tensors, original.base / SHARD, metadata={"format": "pt"})
    with pytest.raises(KeyMismatchError, match="talker" if damage == "unexpected" else "norm"):
        load_base(original, "cpu", torch.float32)


def test_weights_that_are_no_safetensors(original):
    (original.base / SHARD).write_bytes(b"garbage" * 10)
    with pytest.raises(LayoutError):
        load_base(original, "cpu", torch.float32)


def test_a_configuration_without_its_parts(original):
    config = json.loads((original.base / "config.json").read_text())
    del config["thinker_config"]["text_config"]
    (original.base / "config.json").write_text(json.dumps(config))
    with pytest.raises(LayoutError, match="text_config"):
        load_base(original, "cpu", torch.float32)


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_size": "big"},
        {"num_hidden_layers": -1},
        {"num_attention_heads": 0},
        {"rope_theta": "x"},
        {"hidden_act": "no such function"},
    ],
)
def test_a_configuration_that_makes_no_sense(original, settings):
    config = json.loads((original.base / "config.json").read_text())
    config["thinker_config"]["text_config"] |= settings
    (original.base / "config.json").write_text(json.dumps(config))
    with pytest.raises(LayoutError, match=r"config\.json"):
        load_base(original, "cpu", torch.float32)


def test_a_damaged_vocabulary(original):
    vocabulary = original.base / "vocab.json"
    vocabulary.write_bytes(vocabulary.read_bytes()[:-20])
    with pytest.raises(LayoutError, match=r"vocab\.json"):
        load_base(original, "cpu", torch.float32)


@pytest.mark.parametrize("line", ["one two three", "alone", "zzzq qqqz"])
def test_damaged_merges(original, line):
    with (original.base / "merges.txt").open("a", encoding="utf-8") as merges:
        merges.write(line + "\n")
    with pytest.raises(LayoutError, match=r"merges\.txt is damaged in line \d+"):
        load_base(original, "cpu", torch.float32)


def test_a_tokenizer_without_its_files(original):
    for path in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        Path(original.base / path).unlink()
    with pytest.raises(LayoutError, match="tokenizer"):
        load_base(original, "cpu", torch.float32)


@pytest.mark.parametrize(
    ("name", "native"),
    [
        ("thinker.audio_tower.proj1", "model.multi_modal_projector.linear_1"),
        ("thinker.audio_tower.conv_out", "model.audio_tower.conv_out"),
        ("thinker.model.layers.3.mlp.up_proj", "model.language_model.layers.3.mlp.up_proj"),
        ("thinker.layers.3.mlp.up_proj", "model.language_model.layers.3.mlp.up_proj"),
        ("model.audio_tower.layers.0.fc1", "model.audio_tower.layers.0.fc1"),
    ],
)
def test_module_names(name, native):
    assert native_module(name) == native
