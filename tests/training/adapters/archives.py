"""Exported adapters as a stranger might make them."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from training.adapters import AdapterLibrary
from training.adapters.archive import MANIFEST

Change = Callable[[dict[str, bytes]], None]
"""Does something to the members of an archive."""


def rewritten(path: Path, change: Change, **how: int) -> Path:
    """The archive with other members, as a stranger might make it."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", how.get("compression", zipfile.ZIP_STORED)) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def nothing_came_in(library: AdapterLibrary) -> bool:
    return library.entries() == [] and (
        not library.root.exists() or not any(library.root.iterdir())
    )


def with_content(name: str, content: bytes) -> Change:
    return lambda members: members.__setitem__(name, content)


def with_member(name: str, content: bytes) -> Change:
    """Another member, and a manifest that tells the truth about it."""

    def apply(members: dict[str, bytes]) -> None:
        members[name] = content
        honest(members)

    return apply


def honest(members: dict[str, bytes]) -> None:
    manifest = json.loads(members[MANIFEST])
    manifest["members"] = {
        name: {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in members.items()
        if name != MANIFEST
    }
    members[MANIFEST] = json.dumps(manifest).encode()


def with_manifest(change: Callable[[dict], object]) -> Change:
    def apply(members: dict[str, bytes]) -> None:
        content = json.loads(members[MANIFEST])
        change(content)
        members[MANIFEST] = json.dumps(content).encode()

    return apply
