"""One file out, one adapter in; and nothing of a file that is damaged."""

import pytest

from engine.errors import HashMismatchError, ModelError, StorageError
from tests.training.adapters.archives import rewritten, with_member
from training.adapters import AdapterError, ArchiveError
from training.adapters.archive import export_adapter, import_adapter
from training.adapters.fingerprint import adapter_sha256, file_sha256
from training.adapters.learnt import Learnt, read_learnt


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


def test_what_it_learnt_from_goes_along(library, adapter, lineage, elsewhere, tmp_path):
    learnt = Learnt(frozenset({"aa" * 8}), in_full=True)
    path = tmp_path / "told"
    export_adapter(library.add("told", adapter, lineage, learnt=learnt), path)
    imported = import_adapter(elsewhere, path)
    assert read_learnt(imported.path) == learnt
    imported.verify()
    forged = with_member("learnt.txt", b"bb" * 8 + b"\n")
    with pytest.raises(AdapterError, match="speaks of another one"):
        import_adapter(elsewhere, rewritten(path, forged), "forged")
    assert elsewhere.versions("forged") == []


def test_no_file_at_all(elsewhere, tmp_path):
    with pytest.raises(ArchiveError, match="cannot be read"):
        import_adapter(elsewhere, tmp_path / "absent")
