"""Whatever is in the file, either an adapter comes in or a typed error comes out."""

import io
import json
import tempfile
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from engine.errors import ModelError
from tests.training.adapters.archives import honest, nothing_came_in
from training.adapters import AdapterLibrary, Lineage
from training.adapters.archive import MANIFEST, export_adapter, import_adapter
from training.adapters.learnt import Learnt


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An exported adapter of one module, all of whose bytes matter."""
    folder = tmp_path_factory.mktemp("small")
    module = "base_model.model.model.language_model.layers.0.self_attn.q_proj"
    tensors = {
        f"{module}.lora_A.weight": torch.ones(1, 2),
        f"{module}.lora_B.weight": torch.ones(2, 1),
    }
    (folder / "adapter_model.safetensors").write_bytes(save(tensors))
    config = {"peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    learnt = Learnt(frozenset({"aa" * 8}), in_full=True)
    lineage = Lineage(base="tiny", base_sha256="00ff", licence="MIT")
    entry = AdapterLibrary(folder / "library").add("small", folder, lineage, learnt=learnt)
    export_adapter(entry, folder / "exported")
    return (folder / "exported").read_bytes()


def _only_typed(content: bytes) -> None:
    """Imports into an empty library: a typed error that leaves nothing, or a sound adapter."""
    with tempfile.TemporaryDirectory() as folder:
        path, library = Path(folder, "file"), AdapterLibrary(Path(folder, "library"))
        path.write_bytes(content)
        try:
            import_adapter(library, path).verify()
        except ModelError:
            assert nothing_came_in(library)
        assert all(entry.path.parent.parent == library.root for entry in library.entries())


SPOTS = st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=6)


@settings(deadline=None, max_examples=300)
@given(spots=SPOTS, cut=st.none() | st.integers(0))
def test_whatever_happens_to_the_bytes_only_typed_errors_come_out(small, spots, cut):
    content = bytearray(small)
    for spot, byte in spots:
        content[spot % len(content)] = byte
    _only_typed(bytes(content[: None if cut is None else cut % len(content)]))


@settings(deadline=None, max_examples=300)
@given(data=st.data(), spots=SPOTS)
def test_whatever_honest_members_hold_only_typed_errors_come_out(small, data, spots):
    """With sums that are right, the bytes reach those who read what is in the members."""
    with zipfile.ZipFile(io.BytesIO(small)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(sorted(set(members) - {MANIFEST})))
    content = bytearray(members[name])
    for spot, byte in spots:
        content[spot % len(content)] = byte
    members[name] = bytes(content)
    honest(members)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for member, value in members.items():
            archive.writestr(member, value)
    _only_typed(made.getvalue())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=300)
@given(data=st.data(), value=JSON)
def test_whatever_settings_say_only_typed_errors_come_out(small, data, value):
    with zipfile.ZipFile(io.BytesIO(small)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(["adapter_config.json", "lineage.json", MANIFEST]))
    content = json.loads(members[name])
    content[data.draw(st.sampled_from(sorted(content)))] = value
    members[name] = json.dumps(content).encode()
    if name != MANIFEST:
        honest(members)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for member, written in members.items():
            archive.writestr(member, written)
    _only_typed(made.getvalue())
