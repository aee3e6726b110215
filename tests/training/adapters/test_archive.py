"""One file out, one adapter in; and nothing of a file that is damaged or foreign."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import HashMismatchError, ModelError, StorageError
from training.adapters import AdapterEntry, AdapterError, AdapterLibrary, ArchiveError
from training.adapters.archive import MANIFEST, export_adapter, import_adapter
from training.adapters.fingerprint import adapter_sha256, file_sha256


@pytest.fixture
def entry(library, adapter, router, lineage) -> AdapterEntry:
    return library.add("clinic", adapter, lineage, router)


@pytest.fixture
def exported(entry: AdapterEntry, tmp_path: Path) -> Path:
    path = tmp_path / "clinic.wildscribe-adapter"
    assert export_adapter(entry, path) == file_sha256(path)
    return path


@pytest.fixture
def elsewhere(tmp_path: Path) -> AdapterLibrary:
    """The library of somebody else."""
    return AdapterLibrary(tmp_path / "elsewhere")


def _rewritten(path: Path, change: Callable[[dict[str, bytes]], None], **how: int) -> Path:
    """The archive with other members, as a stranger might make it."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", how.get("compression", zipfile.ZIP_STORED)) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _nothing_came_in(library: AdapterLibrary) -> bool:
    return library.entries() == [] and (
        not library.root.exists() or not any(library.root.iterdir())
    )


def test_what_goes_out_comes_in(entry, exported, elsewhere):
    imported = import_adapter(elsewhere, exported)
    assert imported.reference == "clinic@1"
    assert not imported.in_use
    assert imported.lineage == entry.lineage
    assert adapter_sha256(imported.path) == adapter_sha256(entry.path)
    assert sorted(p.name for p in imported.path.iterdir()) == sorted(
        p.name for p in entry.path.iterdir()
    )
    imported.verify()


def test_equal_adapters_give_equal_files(entry, exported, tmp_path):
    assert export_adapter(entry, tmp_path / "again") == file_sha256(exported)


def test_another_name_and_the_same_adapter_twice(exported, elsewhere):
    assert import_adapter(elsewhere, exported, "ward").reference == "ward@1"
    assert import_adapter(elsewhere, exported).reference == "clinic@1"
    with pytest.raises(AdapterError, match="clinic@1"):
        import_adapter(elsewhere, exported)
    assert [e.reference for e in elsewhere.entries()] == ["clinic@1", "ward@1"]


def test_a_damaged_adapter_is_not_spread(entry, tmp_path):
    (entry.path / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(HashMismatchError):
        export_adapter(entry, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_not_there(entry, tmp_path):
    with pytest.raises(StorageError):
        export_adapter(entry, tmp_path / "absent" / "out")


def test_any_damage_is_a_typed_error(exported, elsewhere):
    whole = exported.read_bytes()
    spots = [*range(0, 400, 13), *range(400, len(whole), len(whole) // 40)]
    spots += range(len(whole) - 500, len(whole), 17)
    imported = 0
    for spot in spots:
        exported.write_bytes(whole[:spot] + bytes([whole[spot] ^ 0x55]) + whole[spot + 1 :])
        try:
            import_adapter(elsewhere, exported)
            imported += 1
        except ModelError:
            assert len(elsewhere.entries()) == min(imported, 1)
    # What zip does not check (dates, attributes) does not matter; nothing that matters slips by.
    for entry in elsewhere.entries():
        entry.verify()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        exported.write_bytes(whole[:length])
        with pytest.raises(ArchiveError):
            import_adapter(elsewhere, exported, "short")
    assert elsewhere.versions("short") == []


def _set(name: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.__setitem__(name, content)


def _manifest(change: Callable[[dict], object]) -> Callable[[dict[str, bytes]], None]:
    def apply(members: dict[str, bytes]) -> None:
        content = json.loads(members[MANIFEST])
        change(content)
        members[MANIFEST] = json.dumps(content).encode()

    return apply


@pytest.mark.parametrize(
    "change",
    [
        _set("../escape.json", b"{}"),
        _set("/etc/escape", b"{}"),
        _set("adapter_model.bin", b"pickle"),
        _set("notes.txt", b"hello"),
        _set("adapter_config.json", b"{}"),
        _set(MANIFEST, b"[]"),
        _set(MANIFEST, b"{"),
        _set(MANIFEST, b" " * 70_000),
        lambda members: members.pop(MANIFEST),
        lambda members: members.pop("lineage.json"),
        lambda members: members.pop("router.safetensors"),
        _manifest(lambda m: m.update(format="something else")),
        _manifest(lambda m: m.update(format_version=2)),
        _manifest(lambda m: m["members"].pop("router.safetensors")),
        _manifest(lambda m: m["members"].pop("lineage.json")),
        _manifest(lambda m: m["members"]["lineage.json"].update(sha256="00")),
        _manifest(lambda m: m["members"]["lineage.json"].update(size_bytes=3)),
        _manifest(lambda m: m["members"]["lineage.json"].update(size_bytes="many")),
    ],
)
def test_foreign_archives_are_refused(exported, elsewhere, change, tmp_path):
    with pytest.raises(ArchiveError):
        import_adapter(elsewhere, _rewritten(exported, change))
    assert _nothing_came_in(elsewhere)
    assert not (tmp_path / "escape.json").exists()


def test_a_name_in_the_manifest_cannot_leave_the_library(exported, elsewhere):
    change = _manifest(lambda m: m.update(name="../../outside"))
    with pytest.raises(AdapterError, match="no name"):
        import_adapter(elsewhere, _rewritten(exported, change))
    assert _nothing_came_in(elsewhere)


def test_compressed_members_are_refused(exported, elsewhere):
    """So no small file can become a huge one."""
    _rewritten(exported, lambda members: None, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ArchiveError):
        import_adapter(elsewhere, exported)


def test_a_member_given_twice_is_refused(exported, elsewhere):
    with zipfile.ZipFile(exported, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("lineage.json", "{}")
    with pytest.raises(ArchiveError):
        import_adapter(elsewhere, exported)


def test_honest_hashes_do_not_make_an_adapter(exported, elsewhere):
    """Files that are what the manifest says, and still no adapter."""

    def swap(members: dict[str, bytes]) -> None:
        members["adapter_model.safetensors"] = members["router.safetensors"]
        content = json.loads(members[MANIFEST])
        content["members"]["adapter_model.safetensors"] = content["members"]["router.safetensors"]
        members[MANIFEST] = json.dumps(content).encode()

    with pytest.raises(ModelError):
        import_adapter(elsewhere, _rewritten(exported, swap))
    assert _nothing_came_in(elsewhere)


def test_no_file_at_all(elsewhere, tmp_path):
    with pytest.raises(ArchiveError, match="cannot be read"):
        import_adapter(elsewhere, tmp_path / "absent")
