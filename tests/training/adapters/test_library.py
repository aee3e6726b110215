"""Adding, finding, promoting and rolling back."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from engine.errors import (
    HashMismatchError,
    KeyMismatchError,
    LayoutError,
    ModelError,
    StorageError,
)
from training.adapters import (
    AdapterError,
    AdapterLibrary,
    ForeignBaseError,
    Lineage,
    MissingAdapterError,
)
from training.adapters.library import require_base
from training.adapters.lineage import _FITS, read_lineage


def _left(library: AdapterLibrary) -> list[str]:
    """What lies in the library's folder, hidden things included."""
    return sorted(path.name for path in library.root.iterdir()) if library.root.exists() else []


def test_an_adapter_comes_back_with_its_lineage_and_router(library, adapter, router, lineage):
    added = library.add("clinic", adapter, lineage, router)
    assert (added.reference, added.in_use) == ("clinic@1", False)
    assert library.find("clinic@1") == added
    assert added.lineage == lineage
    assert added.router is not None
    assert added.router.read_bytes() == router.read_bytes()
    added.verify()
    assert _left(library) == ["clinic"]


def test_versions_count_up_and_entries_are_sorted(library, adapter, lineage, other):
    library.add("podcast", adapter, lineage)
    library.add("clinic", adapter, lineage)
    library.add("clinic", adapter, other)
    assert [e.reference for e in library.entries()] == ["clinic@1", "clinic@2", "podcast@1"]
    assert library.find("clinic@2").router is None


def test_a_library_that_is_not_there_yet_is_empty(library):
    assert library.entries() == []
    assert not library.root.exists()


@pytest.mark.parametrize("name", ["", "..", "a/b", "Clinic", ".hidden", "a" * 65, "a@1", "ä"])
def test_what_is_no_name_touches_nothing(library, adapter, lineage, name):
    with pytest.raises(AdapterError):
        library.add(name, adapter, lineage)
    with pytest.raises(AdapterError):
        library.find(name + "@1")
    assert _left(library) == []


def test_what_is_no_adapter_leaves_nothing_behind(library, adapter, lineage):
    weights = adapter / "adapter_model.safetensors"
    tensors = load_file(weights)
    tensors.pop(next(iter(tensors)))
    save_file(tensors, weights)
    with pytest.raises(KeyMismatchError):
        library.add("clinic", adapter, lineage)
    weights.write_bytes(b"no tensors")
    with pytest.raises(LayoutError):
        library.add("clinic", adapter, lineage)
    weights.unlink()
    with pytest.raises(MissingAdapterError):
        library.add("clinic", adapter, lineage)
    assert library.entries() == []
    assert _left(library) == []


def test_what_is_no_router_leaves_nothing_behind(library, adapter, lineage):
    with pytest.raises(KeyMismatchError):
        library.add("clinic", adapter, lineage, adapter / "adapter_model.safetensors")
    assert _left(library) == []


def test_the_bare_name_means_the_version_in_use(library, adapter, lineage, other):
    first = library.add("clinic", adapter, lineage)
    second = library.add("clinic", adapter, other)
    with pytest.raises(MissingAdapterError, match="clinic@1, clinic@2"):
        library.find("clinic")
    library.promote(first, "better by 2 %")
    library.promote(second, "better by 1 %")
    assert library.find("clinic").version == 2
    back = library.roll_back("clinic", "it was not")
    assert back is not None
    assert library.find("clinic").version == 1
    assert library.roll_back("clinic", "neither") is None
    assert library.current("clinic") is None
    with pytest.raises(MissingAdapterError):
        library.roll_back("clinic", "again")
    steps = [(step.event, step.version, step.because) for step in library.history("clinic")]
    assert steps == [
        ("promote", 1, "better by 2 %"),
        ("promote", 2, "better by 1 %"),
        ("roll back", 2, "it was not"),
        ("roll back", 1, "neither"),
    ]


def test_the_version_in_use_is_not_put_to_use_again(library, adapter, lineage, other):
    """Rolling back leads to another version, whatever was promoted how often."""
    first, second = (library.add("clinic", adapter, made) for made in (lineage, other))
    assert library.promote(first, "better")
    assert library.promote(second, "better still")
    assert not library.promote(second, "once more")
    assert len(library.history("clinic")) == 2
    back = library.roll_back("clinic", "it was not")
    assert back is not None
    assert back.version == 1
    assert library.promote(second, "after all")


def test_a_history_of_before_that_tells_it_twice_is_understood(library, adapter, lineage, other):
    first, second = (library.add("clinic", adapter, made) for made in (lineage, other))
    for entry in (first, second):
        library.promote(entry, "better")
    path = library.root / "clinic" / "promotions.json"
    steps = json.loads(path.read_text())
    path.write_text(json.dumps([*steps, steps[-1]]))
    back = library.roll_back("clinic", "it was not")
    assert back is not None
    assert back.version == 1


def test_a_damaged_history_is_named(library, adapter, lineage):
    library.promote(library.add("clinic", adapter, lineage), "why not", insisted=True)
    (library.root / "clinic" / "promotions.json").write_text("[{")
    with pytest.raises(StorageError, match=r"promotions\.json"):
        library.find("clinic")


def test_damage_inside_the_library_is_noticed(library, adapter, lineage):
    added = library.add("clinic", adapter, lineage)
    weights = added.path / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    with pytest.raises(HashMismatchError, match="adapter_model"):
        added.verify()


def test_an_adapter_passes_on_its_own_base_only(lineage):
    require_base(lineage, lineage.base_sha256, "clinic@1")
    with pytest.raises(ForeignBaseError, match=r"clinic@1 .* tiny"):
        require_base(lineage, "11", "clinic@1")


def test_a_router_that_lies_beside_comes_along_with_its_threshold(
    library, adapter, router, lineage
):
    (adapter / "router.safetensors").write_bytes(router.read_bytes())
    (adapter / "router.json").write_text('{"threshold": 0.7}')
    added = library.add("clinic", adapter, replace(lineage, threshold=None))
    assert added.router is not None
    assert added.lineage.threshold == 0.7
    assert library.add("clinic", adapter, lineage).lineage.threshold == 0.4
    added.verify()


def test_a_report_without_a_router_does_not_come_along(library, adapter, lineage):
    (adapter / "router.json").write_text('{"threshold": 0.7}')
    added = library.add("clinic", adapter, replace(lineage, threshold=None))
    assert not (added.path / "router.json").exists()
    assert added.lineage.threshold is None


@pytest.mark.parametrize("report", ["[", "{}", '{"threshold": NaN}', "[" * 100_000])
def test_a_report_of_a_router_that_makes_no_sense_is_refused(
    library, adapter, router, lineage, report
):
    (adapter / "router.safetensors").write_bytes(router.read_bytes())
    (adapter / "router.json").write_text(report)
    with pytest.raises(ModelError):
        library.add("clinic", adapter, lineage)  # a threshold of its own makes it no better
    assert _left(library) == []


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": 2},
        {"seeds": ["one"]},
        {"metrics": {"wer": "low"}},
        {"threshold": 2},
        {"metrics": {"wer": float("inf")}},
        {"metrics": {"wer": float("nan")}},
        {"learnt_sha256": "00"},
        {"learnt_in_full": 1},
        {"recipe": {"deep": json.loads("[" * 50 + "]" * 50)}},
        {"surprise": 1},
        {"base_sha256": None},
    ],
)
def test_a_lineage_that_makes_no_sense_is_refused(
    library: AdapterLibrary, adapter: Path, lineage: Lineage, change: dict[str, object]
) -> None:
    path = library.add("clinic", adapter, lineage).path / "lineage.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(AdapterError, match=r"lineage\.json"):
        read_lineage(path.parent)


@pytest.mark.parametrize(
    "change",
    [
        {"licence": "MIT\x1b[2J"},
        {"licence": "MIT\nclinic@9  in use"},
        {"base": "\u202eini-lla"},
        {"created_at": "2026\x9b31m"},
        {"recipe": {"data": {"paths": ["a", "b\x07"]}}},
        {"recipe": {"k\x1b": 1}},
        {"base": "\ud800"},
    ],
)
def test_a_lineage_that_would_do_something_to_a_terminal_is_refused(
    library: AdapterLibrary, adapter: Path, lineage: Lineage, change: dict[str, Any]
) -> None:
    lineage = replace(lineage, **change)
    with pytest.raises(AdapterError, match=next(iter(change))):
        library.add("clinic", adapter, lineage)
    assert _left(library) == []


def test_words_of_any_language_may_be_in_a_lineage(library, adapter, lineage):
    words = "仅限内部使用 · لا تجاري · Größe 1 µm 🎧"
    assert library.add("clinic", adapter, replace(lineage, licence=words)).lineage.licence == words


def test_every_field_of_a_lineage_is_checked_when_read():
    assert _FITS.keys() == {field.name for field in fields(Lineage)}
