"""Finding the parts of a model without loading them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.checkpoint import BaseLayout, locate, with_adapter
from engine.errors import LayoutError, MissingModelError, PickleRefusedError


def _native_base(folder: Path) -> Path:
    folder.mkdir(parents=True)
    config = {"model_type": "qwen3_asr", "audio_config": {}, "text_config": {}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").touch()
    return folder


def _adapter(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").touch()
    (folder / "adapter_model.safetensors").touch()
    return folder


def test_the_published_layout(published_layout, published_router):
    folder = locate(published_layout)
    assert folder.name == "mega-asr-layout"
    assert folder.base == published_layout / "Qwen3-ASR-1.7B"
    assert folder.adapter == published_layout / "mega-asr-merged"
    assert folder.router == published_router
    assert folder.layout is BaseLayout.ORIGINAL
    assert folder.profile.global_attention


def test_our_layout(tmp_path):
    base = _native_base(tmp_path / "ours" / "base")
    adapter = _adapter(tmp_path / "ours" / "adapters" / "robust")
    (tmp_path / "ours" / "router").mkdir()
    (tmp_path / "ours" / "router" / "router.safetensors").touch()
    folder = locate(tmp_path / "ours")
    assert (folder.name, folder.base, folder.adapter) == ("ours", base, adapter)
    assert folder.router == tmp_path / "ours" / "router" / "router.safetensors"
    assert folder.layout is BaseLayout.NATIVE
    assert not folder.profile.global_attention


def test_a_bare_base_has_neither_adapter_nor_router(tmp_path, published_layout):
    native = locate(_native_base(tmp_path / "native"))
    original = locate(published_layout / "Qwen3-ASR-1.7B")
    for folder in (native, original):
        assert folder.adapter is None
        assert folder.router is None
    assert (native.layout, original.layout) == (BaseLayout.NATIVE, BaseLayout.ORIGINAL)


def test_a_relative_path_is_a_name_too(tmp_path, monkeypatch):
    _native_base(tmp_path / "native")
    monkeypatch.chdir(tmp_path / "native")
    assert locate(Path()).name == "native"


def test_a_lone_pickled_router_is_named_so_that_loading_can_refuse_it(tmp_path):
    _native_base(tmp_path / "base")
    (tmp_path / "router").mkdir()
    (tmp_path / "router" / "best_acc_model.pt").touch()
    assert locate(tmp_path).router == tmp_path / "router" / "best_acc_model.pt"


def test_no_folder(tmp_path):
    with pytest.raises(MissingModelError):
        locate(tmp_path / "nowhere")


def test_incomplete_parts_are_missing(tmp_path, published_layout):
    base = _native_base(tmp_path / "base")
    (tmp_path / "router").mkdir()
    with pytest.raises(MissingModelError, match="one router file, not 0"):
        locate(tmp_path)
    (tmp_path / "router").rmdir()
    _adapter(tmp_path / "adapters" / "robust")
    (tmp_path / "adapters" / "robust" / "adapter_config.json").unlink()
    with pytest.raises(MissingModelError, match=r"lacks adapter_config\.json"):
        locate(tmp_path)
    (base / "model.safetensors").unlink()
    with pytest.raises(MissingModelError, match=r"lacks weights: model\.safetensors"):
        locate(base)
    sharded = shutil.copytree(published_layout / "Qwen3-ASR-1.7B", tmp_path / "sharded")
    (sharded / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(MissingModelError, match="model-00002"):
        locate(sharded)


def test_pickles_are_refused_in_place_of_weights(tmp_path):
    base = _native_base(tmp_path / "base")
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    with pytest.raises(PickleRefusedError, match="can run any code"):
        locate(base)


@pytest.mark.parametrize("config", ['{"model_type": "whisper"}', "[]", "{", None])
def test_another_layout(tmp_path, config):
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(LayoutError):
        locate(tmp_path)


@pytest.mark.parametrize("index", ["{}", '{"weight_map": []}', "["])
def test_an_index_that_makes_no_sense(published_layout, tmp_path, index):
    base = shutil.copytree(published_layout / "Qwen3-ASR-1.7B", tmp_path / "base")
    (base / "model.safetensors.index.json").write_text(index)
    with pytest.raises(LayoutError, match=r"index\.json"):
        locate(base)


def test_locating_needs_no_torch():
    code = "import sys; import engine.checkpoint; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_another_adapter_brings_its_router_or_keeps_the_models(tmp_path, published_layout):
    model = locate(published_layout)
    adapter = _adapter(tmp_path / "clinic")
    changed = with_adapter(model, adapter)
    assert (changed.adapter, changed.router) == (adapter, model.router)
    (adapter / "router.safetensors").touch()
    assert with_adapter(model, adapter).router == adapter / "router.safetensors"
    assert (changed.base, changed.profile) == (model.base, model.profile)
    with pytest.raises(MissingModelError):
        with_adapter(model, tmp_path / "absent")
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    with pytest.raises(PickleRefusedError):
        with_adapter(model, adapter)


def test_a_router_brings_its_threshold(tmp_path, published_layout, published_router):
    model = locate(published_layout)
    assert model.threshold == 0.5
    adapter = _adapter(tmp_path / "own")
    (adapter / "router.json").write_text('{"threshold": 0.25}')
    assert with_adapter(model, adapter).threshold == 0.5  # of a router that is not there
    (adapter / "router.safetensors").touch()
    assert with_adapter(model, adapter).threshold == 0.25
    for wrong in ('{"threshold": 1.5}', "{}", '{"threshold": "x"}', "["):
        (adapter / "router.json").write_text(wrong)
        with pytest.raises(LayoutError):
            with_adapter(model, adapter)


def test_a_model_of_ours_keeps_the_threshold_beside_its_router(tmp_path):
    _native_base(tmp_path / "base")
    _adapter(tmp_path / "adapters" / "robust")
    (tmp_path / "router").mkdir()
    (tmp_path / "router" / "router.safetensors").touch()
    (tmp_path / "router" / "router.json").write_text('{"threshold": 0.75, "clips": 3}')
    assert locate(tmp_path).threshold == 0.75


def test_an_original_layout_of_ours_may_keep_its_windows(tmp_path, published_layout):
    base = shutil.copytree(published_layout / "Qwen3-ASR-1.7B", tmp_path / "base")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"wildscribe_windowed_attention": True}))
    assert not locate(base).profile.global_attention
