"""Nothing of a file that somebody made to do harm, and only typed errors."""

import json
import shutil
import struct
import zipfile

import pytest
import torch
from safetensors.torch import save

from engine.errors import ModelError
from tests.training.adapters.archives import (
    honest,
    nothing_came_in,
    rewritten,
    with_content,
    with_manifest,
    with_member,
)
from training.adapters import AdapterError, ArchiveError
from training.adapters.archive import MANIFEST, import_adapter


@pytest.mark.parametrize(
    "change",
    [
        with_content("../escape.json", b"{}"),
        with_content("/etc/escape", b"{}"),
        with_content("adapter_model.bin", b"pickle"),
        with_content("notes.txt", b"hello"),
        with_content("adapter_config.json", b"{}"),
        with_content(MANIFEST, b"[]"),
        with_content(MANIFEST, b"{"),
        with_content(MANIFEST, b" " * 70_000),
        lambda members: members.pop(MANIFEST),
        lambda members: members.pop("lineage.json"),
        lambda members: members.pop("router.safetensors"),
        with_manifest(lambda m: m.update(format="something else")),
        with_manifest(lambda m: m.update(format_version=2)),
        with_manifest(lambda m: m["members"].pop("router.safetensors")),
        with_manifest(lambda m: m["members"].pop("lineage.json")),
        with_manifest(lambda m: m["members"]["lineage.json"].update(sha256="00")),
        with_manifest(lambda m: m["members"]["lineage.json"].update(size_bytes=3)),
        with_manifest(lambda m: m["members"]["lineage.json"].update(size_bytes="many")),
    ],
)
def test_foreign_archives_are_refused(exported, elsewhere, change, tmp_path):
    with pytest.raises(ArchiveError):
        import_adapter(elsewhere, rewritten(exported, change))
    assert nothing_came_in(elsewhere)
    assert not (tmp_path / "escape.json").exists()


def test_a_name_in_the_manifest_cannot_leave_the_library(exported, elsewhere):
    change = with_manifest(lambda m: m.update(name="../../outside"))
    with pytest.raises(AdapterError, match="no name"):
        import_adapter(elsewhere, rewritten(exported, change))
    assert nothing_came_in(elsewhere)


def test_compressed_members_are_refused(exported, elsewhere):
    """So no small file can become a huge one."""
    rewritten(exported, lambda members: None, compression=zipfile.ZIP_DEFLATED)
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
        import_adapter(elsewhere, rewritten(exported, swap))
    assert nothing_came_in(elsewhere)


@pytest.mark.parametrize("size", ["Infinity", "-Infinity", "NaN", "true", '"1"', "1e400", "-1"])
def test_a_size_that_is_none_is_refused(exported, elsewhere, size):
    def change(members: dict[str, bytes]) -> None:
        content = json.loads(members[MANIFEST])
        content["members"]["lineage.json"]["size_bytes"] = "SIZE"
        members[MANIFEST] = json.dumps(content).replace('"SIZE"', size).encode()

    with pytest.raises(ArchiveError):
        import_adapter(elsewhere, rewritten(exported, change))
    assert nothing_came_in(elsewhere)


@pytest.mark.parametrize("bit", [0, 1, 2, 4, 5, 6, 13, 15])
def test_members_that_ask_for_more_than_to_be_read_are_refused(exported, elsewhere, bit):
    """Encryption, patched data and whatever else a flag in the list of members may ask for."""
    with zipfile.ZipFile(exported) as archive:
        start, count = archive.start_dir, len(archive.namelist())
    content = bytearray(exported.read_bytes())
    for _ in range(count):
        names, extra, comment = struct.unpack_from("<HHH", content, start + 28)
        flags = struct.unpack_from("<H", content, start + 8)[0] | 1 << bit
        struct.pack_into("<H", content, start + 8, flags)
        start += 46 + names + extra + comment
    exported.write_bytes(content)
    with pytest.raises(ArchiveError):
        import_adapter(elsewhere, exported)
    assert nothing_came_in(elsewhere)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("router.json", b"junk"),
        ("router.json", b"{}"),
        ("router.json", b'{"threshold": 7}'),
        ("router.json", b"[" * 50_000),
        ("lineage.json", b"[" * 50_000),
        ("adapter_config.json", b"[" * 50_000),
        ("router.safetensors", b""),
        ("mega_lora_blocks.json", b"{"),
    ],
)
def test_junk_that_the_manifest_vouches_for_is_refused(exported, elsewhere, name, content):
    with pytest.raises(ModelError):
        import_adapter(elsewhere, rewritten(exported, with_member(name, content)))
    assert nothing_came_in(elsewhere)


def test_a_report_without_its_router_is_refused(exported, elsewhere):
    def change(members: dict[str, bytes]) -> None:
        members["router.json"] = b'{"threshold": 0.5}'
        del members["router.safetensors"]
        honest(members)

    with pytest.raises(AdapterError, match="no router"):
        import_adapter(elsewhere, rewritten(exported, change))
    assert nothing_came_in(elsewhere)


def test_nothing_of_a_stranger_reaches_the_terminal(exported, elsewhere):
    """Neither in what comes in, nor in the words of the refusal."""
    tensor = {"base_model.model.\x1b[2J.lora_A.weight": torch.zeros(1, 1)}
    for change in (
        with_manifest(lambda m: m.update(name="\x1b[2Jclinic")),
        with_content("\x1b[2J.json", b"{}"),
        with_member("adapter_model.safetensors", save(tensor)),
        with_member("adapter_config.json", b'{"peft_type": "\\u001b[2J"}'),
    ):
        path = exported.with_name("hostile")
        shutil.copyfile(exported, path)
        with pytest.raises(AdapterError) as refused:
            import_adapter(elsewhere, rewritten(path, change))
        assert "\x1b" not in str(refused.value)
    assert nothing_came_in(elsewhere)
