"""Merged checkpoints say what base and adapter say together, in either layout."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from engine.checkpoint import BaseLayout, Profile, locate
from engine.checkpoint.adapter import read_adapter
from engine.checkpoint.config import GLOBAL_WINDOW_FRAMES, read_config
from engine.checkpoint.fingerprint import base_sha256
from engine.checkpoint.folder import weight_files
from engine.checkpoint.names import native_weight, original_weight
from engine.errors import KeyMismatchError
from engine.recognizer import Clip, Recognizer
from training.adapters import AdapterError
from training.adapters.merge import merge

LAYOUTS = list(BaseLayout)


@pytest.fixture(scope="module")
def published(layout):
    return locate(layout)


def _names(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in weight_files(folder):
        with safe_open(path, framework="pt") as file:
            found |= set(file.keys())
    return found


def _clips(layout: Path, gate: float, seconds: float = 4.0) -> list[Clip]:
    paths = sorted(layout.glob("*.wav"))
    waves = [soundfile.read(path, dtype="float32")[0] for path in paths]
    return [Clip(wave[: round(16_000 * seconds)], gate=gate) for wave in waves]


def _logits(model, clips: list[Clip], dtype: str = "float32") -> np.ndarray:
    recognizer = Recognizer.load(model, "cpu", dtype)
    return recognizer.logits(recognizer.batch(clips)).numpy()


@pytest.mark.parametrize("to", LAYOUTS)
def test_the_published_model_merged(published, layout, tmp_path, to):
    merged = merge(published, published.adapter, tmp_path / "merged", to)
    found = locate(merged.path)
    assert (found.layout, found.adapter) == (to, None)
    # A native folder always means what it says, and says that there are no windows.
    assert found.profile == Profile(global_attention=to is BaseLayout.ORIGINAL)
    assert read_config(found).audio_config.n_window_infer == GLOBAL_WINDOW_FRAMES
    expected = np.load(layout / "last_logits.npz")
    scores = _logits(found, _clips(layout, 0.0))
    for path, row in zip(sorted(layout.glob("*.wav")), scores, strict=True):
        np.testing.assert_allclose(row, expected[f"{path.stem}.robust"], atol=1e-4)
    assert merged.modules == len(read_adapter(published.adapter).down)
    assert merged.lost < 1e-6


@pytest.mark.parametrize("to", LAYOUTS)
def test_mini_merged(mini, layout, tmp_path, to):
    """Over the attention window of mini, which the original layout does not imply."""
    model = locate(mini)
    merged = merge(model, model.adapter, tmp_path / "merged", to)
    found = locate(merged.path)
    assert (found.layout, found.profile) == (to, model.profile)
    expected = _logits(model, _clips(layout, 1.0, 2.5))
    np.testing.assert_allclose(_logits(found, _clips(layout, 0.0, 2.5)), expected, atol=0.02)
    assert 0.0 < merged.lost < 0.05


def test_names_and_settings_of_the_original_layout(mini, layout, tmp_path):
    model = locate(mini)
    path = merge(model, model.adapter, tmp_path / "merged", BaseLayout.ORIGINAL).path
    assert all(name.startswith("thinker.") for name in _names(path))
    published = layout / "Qwen3-ASR-1.7B"
    needed = {p.name for p in published.iterdir() if not p.name.startswith("model")}
    assert needed <= {p.name for p in path.iterdir()}
    ours = json.loads((path / "config.json").read_text())["thinker_config"]
    theirs = json.loads((published / "config.json").read_text())["thinker_config"]
    for part in ("audio_config", "text_config"):
        meaningful = {key for key, value in theirs[part].items() if key in ours[part]}
        assert {"model_type", "initializer_range"} < meaningful
    assert (
        ours["text_config"]["rope_scaling"].keys() == theirs["text_config"]["rope_scaling"].keys()
    )
    assert sum(ours["text_config"]["rope_scaling"]["mrope_section"]) == 24  # half of a head's 48
    assert set(theirs) == set(ours)


@pytest.fixture
def nothing(published, tmp_path) -> Path:
    """An adapter whose delta is zero."""
    folder = shutil.copytree(published.adapter, tmp_path / "nothing")
    tensors = load_file(folder / "adapter_model.safetensors")
    save_file(
        {name: t * 0 if "lora_B" in name else t for name, t in tensors.items()},
        folder / "adapter_model.safetensors",
    )
    return folder


def _original(folder: Path) -> dict[str, Any]:
    """What other programs read of an original folder."""
    config = json.loads((folder / "config.json").read_text())
    audio = config["thinker_config"]["audio_config"]
    return {
        "window": audio["n_window_infer"],
        "languages": config.get("support_languages"),
        "windowed": config.get("wildscribe_windowed_attention", False),
    }


def test_every_way_to_the_original_layout_says_the_same(published, nothing, tmp_path):
    """Other programs take the configuration at its word: it has to ask for the attention under
    which the adapter was judged, and for the base's languages."""
    base = shutil.copytree(published.base, tmp_path / "base")
    config = json.loads((base / "config.json").read_text())
    config["support_languages"] = ["Chinese", "English", "Cantonese"]
    (base / "config.json").write_text(json.dumps(config))
    straight = merge(locate(base), nothing, tmp_path / "straight", BaseLayout.ORIGINAL).path
    native = merge(locate(base), nothing, tmp_path / "native", BaseLayout.NATIVE).path
    around = merge(locate(native), nothing, tmp_path / "around", BaseLayout.ORIGINAL).path
    expected = {
        "window": GLOBAL_WINDOW_FRAMES,
        "languages": ["Chinese", "English", "Cantonese"],
        "windowed": False,
    }
    assert _original(straight) == _original(around) == expected
    assert locate(straight).profile == locate(around).profile == Profile(global_attention=True)
    before, after = (json.loads((f / "config.json").read_text()) for f in (base, straight))
    after["thinker_config"]["audio_config"]["n_window_infer"] = 800
    assert after == before  # and nothing else is touched


def test_a_model_of_windows_keeps_them_every_way(mini, tmp_path):
    model = locate(mini)
    once = merge(model, model.adapter, tmp_path / "once", BaseLayout.ORIGINAL).path
    twice = merge(locate(once), model.adapter, tmp_path / "twice", BaseLayout.ORIGINAL).path
    assert _original(once) == _original(twice)
    window = json.loads((model.base / "config.json").read_text())["audio_config"]["n_window_infer"]
    assert _original(once) == {"window": window, "languages": None, "windowed": True}
    assert locate(twice).profile == model.profile == Profile(global_attention=False)


def test_there_and_back_again_nothing_is_lost(published, nothing, tmp_path):
    """Original -> native -> original, with a delta of zero: the same tensors, names and hash."""
    native = merge(published, nothing, tmp_path / "native", BaseLayout.NATIVE)
    back = merge(locate(native.path), nothing, tmp_path / "back", BaseLayout.ORIGINAL)
    assert native.lost == back.lost == 0.0
    assert _names(back.path) == _names(published.base)
    names = _names(native.path)
    assert {native_weight(original_weight(name)) for name in names} == names
    for first, second in zip(weight_files(published.base), weight_files(back.path), strict=True):
        before, after = load_file(first), load_file(second)
        assert all(torch.equal(before[name], after[name]) for name in before)
    hashes = {base_sha256(locate(f)) for f in (native.path, back.path)} | {base_sha256(published)}
    assert len(hashes) == 1


def test_what_bfloat16_rounds_away_is_told(published, tmp_path):
    """A delta that moves weights by about 1 %, in a base of bfloat16."""
    base = shutil.copytree(published.base, tmp_path / "base")
    for path in weight_files(base):
        save_file({n: t.bfloat16() for n, t in load_file(path).items()}, path)
    merged = merge(locate(base), published.adapter, tmp_path / "merged", BaseLayout.ORIGINAL)
    stored = {t.dtype for path in weight_files(merged.path) for t in load_file(path).values()}
    assert stored == {torch.bfloat16}
    deltas = read_adapter(published.adapter)
    before, after = (
        {native_weight(n): t.double() for p in weight_files(f) for n, t in load_file(p).items()}
        for f in (base, merged.path)
    )
    missed = wanted = 0.0
    for name in deltas.down:
        delta = (deltas.up[name] @ deltas.down[name]).double()
        change = after[f"{name}.weight"] - before[f"{name}.weight"]
        missed += float((change - delta).square().sum())
        wanted += float(delta.square().sum())
    assert merged.lost == pytest.approx((missed / wanted) ** 0.5, rel=1e-4)
    assert merged.lost > 0.001


def test_an_adapter_of_another_model_leaves_nothing(mini, published, tmp_path):
    with pytest.raises(KeyMismatchError):
        merge(locate(mini), published.adapter, tmp_path / "merged", BaseLayout.NATIVE)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_left_alone(published, tmp_path):
    (tmp_path / "merged").mkdir()
    with pytest.raises(AdapterError, match="exists"):
        merge(published, published.adapter, tmp_path / "merged", BaseLayout.NATIVE)


def test_the_base_is_known_by_its_weights(published, tmp_path):
    copy = shutil.copytree(published.base, tmp_path / "copy")
    assert base_sha256(locate(copy)) == base_sha256(published)
    path = weight_files(copy)[0]
    tensors = load_file(path)
    name = sorted(tensors)[0]
    tensors[name].view(-1)[0] += 1e-3
    save_file(tensors, path)
    assert base_sha256(locate(copy)) != base_sha256(published)
