"""An adapter as one file, to be given to somebody else.

A zip archive without compression (weights do not shrink): ``manifest.json`` with the size and
SHA-256 of every member, then the members, which are those of `MEMBERS` and no others. Nothing in
it is ever executed or unpickled. Equal adapters give equal files.
"""

import hashlib
import json
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from engine.checkpoint.folder import ROUTER_FILE, ROUTER_REPORT
from engine.errors import ModelError, StorageError
from training.adapters.entry import AdapterEntry
from training.adapters.errors import AdapterError, ArchiveError
from training.adapters.fingerprint import ADAPTER_FILES, adapter_sha256, file_sha256
from training.adapters.learnt import FILE as LEARNT_FILE
from training.adapters.library import AdapterLibrary
from training.adapters.lineage import FILE as LINEAGE_FILE
from training.adapters.plain import is_plain, plain

SUFFIX = ".wildscribe-adapter"
FORMAT = "wildscribe adapter"
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST_BYTES = 1 << 16
MEMBERS = (*ADAPTER_FILES, ROUTER_FILE, ROUTER_REPORT, LINEAGE_FILE, LEARNT_FILE)
_PART_BYTES = 1 << 20
_KNOWN_FLAGS = 0x808
"""Bits of a member that mean nothing here: sizes behind the data, and names in UTF-8. All others
ask for something (encryption, patches) that an exported adapter never needs."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file as the manifest states it."""

    size_bytes: int
    sha256: str


def export_adapter(entry: AdapterEntry, path: Path) -> str:
    """Writes a version of an adapter as one file.

    Args:
        entry: from the library; compared with the sums taken when it came in.
        path: the file; an existing one is replaced, whole or not at all.

    Returns:
        SHA-256 of the file, hexadecimal.

    Raises:
        HashMismatchError: the adapter is not what it was.
        StorageError: the file cannot be written.
    """
    entry.verify()
    members = {name: entry.path / name for name in MEMBERS if (entry.path / name).is_file()}
    partial = path.with_name(f".{path.name}.part")
    try:
        stated = {
            name: {"size_bytes": file.stat().st_size, "sha256": file_sha256(file)}
            for name, file in members.items()
        }
        manifest = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "name": entry.name,
            "version": entry.version,
            "members": stated,
        }
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_info(MANIFEST), json.dumps(manifest, indent=2))
            for name, file in members.items():
                with (
                    file.open("rb") as source,
                    archive.open(_info(name), "w", force_zip64=True) as to,
                ):
                    while part := source.read(_PART_BYTES):
                        to.write(part)
        digest = file_sha256(partial)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}.",
            "The library is unchanged.",
            "See that the folder exists and has room.",
        ) from error
    return digest


def import_adapter(library: AdapterLibrary, path: Path, name: str | None = None) -> AdapterEntry:
    """Takes an exported adapter into the library, as the next version. It is not put to use.

    The members are copied to a folder of their own, compared with the manifest and read as what
    they claim to be; only then the version gets its number. Otherwise nothing of it stays.

    Args:
        library: where to.
        path: what `export_adapter` wrote.
        name: by default the one it was exported under.

    Raises:
        ArchiveError: the file is no exported adapter, or a damaged one.
        AdapterError: the library has this adapter already, or the lineage is damaged.
        ModelError: the weights are no adapter or no router.
        StorageError: the library cannot be written.
    """
    with _plainly(), _opened(path) as archive:
        stated_name, members = _read_manifest(archive, path)
        with library.incoming(name or stated_name) as folder:
            for member, stated in members.items():
                with (folder / member).open("xb") as to:
                    _copy(_parts(archive, member, path), to, stated, f"{path.name}: {member}")
            _refuse_known(library, name or stated_name, folder)
    return library.versions(name or stated_name)[-1]


@contextmanager
def _plainly() -> Iterator[None]:
    """Around all that speaks of a stranger's file: an error may quote it, but not to a terminal.

    Raises:
        ArchiveError: in place of one whose words are not plain.
    """
    try:
        yield
    except ModelError as error:
        words = (error.what, error.safe, error.remedy)
        if all(map(is_plain, words)):
            raise
        raise ArchiveError(*map(plain, words)) from error


@contextmanager
def _believed(path: Path) -> Iterator[None]:
    """Around code that takes an archive at its word.

    Raises:
        ArchiveError: it cannot be read, or it is damaged or made to do harm.
    """
    try:
        yield
    except OSError as error:
        raise ArchiveError(
            f"{path} cannot be read: {error.strerror or error}.", remedy="Check the path."
        ) from error
    except (
        ArithmeticError, AttributeError, EOFError, LookupError, RuntimeError, TypeError, ValueError,
        struct.error, zipfile.BadZipFile,
    ) as error:  # fmt: skip
        raise _no_archive(path, str(error)) from error


def _opened(path: Path) -> zipfile.ZipFile:
    with _believed(path):
        return zipfile.ZipFile(path)


def _parts(archive: zipfile.ZipFile, member: str, path: Path) -> Iterator[bytes]:
    with _believed(path), archive.open(member) as source:
        while part := source.read(_PART_BYTES):
            yield part


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.external_attr = 0o644 << 16
    return info


def _read_manifest(archive: zipfile.ZipFile, path: Path) -> tuple[str, dict[str, Member]]:
    """Name and members; that the archive holds exactly these, stored plainly, is checked."""
    infos = archive.infolist()
    for info in infos:
        plainly = info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & ~_KNOWN_FLAGS
        if info.filename not in (*MEMBERS, MANIFEST) or not plainly:
            raise _no_archive(path, f"it holds {info.filename!r}, which does not belong there")
    names = [info.filename for info in infos]
    if len(set(names)) != len(names) or MANIFEST not in names:
        raise _no_archive(path, "it has no manifest, or holds a file twice")
    if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST_BYTES:
        raise _no_archive(path, "its manifest is far too long")
    with _believed(path):
        content: Any = json.loads(archive.read(MANIFEST).decode("utf-8"))
        known = content["format"] == FORMAT and content["format_version"] == FORMAT_VERSION
        members = {name: _member(stated) for name, stated in content["members"].items()}
        name = str(content["name"])
    if not known:
        raise _no_archive(path, "it is of another kind, or of a version not known here")
    if members.keys() | {MANIFEST} != set(names) or LINEAGE_FILE not in members:
        raise _no_archive(path, "its manifest names other files than it holds")
    return name, members


def _member(stated: Any) -> Member:
    """Raises LookupError, TypeError or ValueError where it makes no sense."""
    size_bytes, sha256 = stated["size_bytes"], stated["sha256"]
    if type(size_bytes) is not int or not isinstance(sha256, str):
        raise TypeError(f"a size of {size_bytes!r}, a sum of {sha256!r}")
    return Member(size_bytes, sha256)


def _copy(parts: Iterator[bytes], to: IO[bytes], stated: Member, what: str) -> None:
    digest, size_bytes = hashlib.sha256(), 0
    for part in parts:
        size_bytes += len(part)
        if size_bytes > stated.size_bytes:
            break
        digest.update(part)
        to.write(part)
    if size_bytes != stated.size_bytes or digest.hexdigest() != stated.sha256:
        raise ArchiveError(
            f"{what} is not what the manifest says.",
            "Nothing was imported.",
            "Get the file again from where it came from.",
        )


def _refuse_known(library: AdapterLibrary, name: str, folder: Path) -> None:
    new = _identity(folder)
    for entry in library.versions(name):
        if _identity(entry.path) == new:
            raise AdapterError(
                f"The library has this adapter already, as {entry.reference}.",
                "Nothing was imported.",
            )


def _identity(folder: Path) -> tuple[str, str]:
    router = folder / ROUTER_FILE
    return adapter_sha256(folder), file_sha256(router) if router.is_file() else ""


def _no_archive(path: Path, why: str) -> ArchiveError:
    return ArchiveError(
        f"{path.name} is no exported adapter, or a damaged one: {plain(why)}.",
        "Nothing was imported.",
        f"Take a file that was made by `wildscribe adapters export` (*{SUFFIX}).",
    )
