"""Which models are on this computer: the shipped one, and what the person brought.

A model is a folder in any layout that `engine.checkpoint.locate` knows. Beside the weights lies
``SHA256SUMS`` in the format of ``sha256sum``, written when the folder was made or imported.
"""

import hashlib
import os
import shutil
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import platformdirs

from engine.checkpoint import ModelFolder, locate, with_adapter
from engine.errors import MissingModelError, ModelError, PickleRefusedError, StorageError

SUMS = "SHA256SUMS"
_PART_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model on this computer, or one that could be.

    Attributes:
        name: what `find` takes.
        title: for people.
        description: one sentence: what it hears and what it does not.
        path: its folder, or None when it is not here.
        size_bytes: of all its files; 0 when it is not here.
        shipped: it came with Wildscribe.
    """

    name: str
    title: str
    description: str
    path: Path | None
    size_bytes: int = 0
    shipped: bool = False


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """One file of a model, compared with ``SHA256SUMS``.

    Attributes:
        path: relative to the model's folder.
        size_bytes: of the file; 0 when it is missing.
        sha256: what it is now, hexadecimal; "" when it is missing.
        ok: it is what it was; None when no sum was recorded for it.
    """

    path: Path
    size_bytes: int
    sha256: str
    ok: bool | None


def models_dir() -> Path:
    """Where imported models live."""
    return platformdirs.user_data_path("wildscribe", appauthor=False) / "models"


def shipped_dir() -> Path:
    """The models that come with Wildscribe."""
    return Path(str(files("resources"))) / "models"


def catalogue() -> list[ModelEntry]:
    """Every model known by name: shipped and published ones first, then imported folders."""
    described = tomllib.loads((shipped_dir() / "catalogue.toml").read_text(encoding="utf-8"))
    entries = []
    for name, about in described.items():
        folder = next((root / name for root in _roots() if (root / name).is_dir()), None)
        entries.append(_entry(name, about["title"], about["description"], folder))
    imported = sorted(models_dir().iterdir()) if models_dir().is_dir() else []
    for folder in imported:
        if folder.is_dir() and folder.name not in described and not folder.name.startswith("."):
            entries.append(_entry(folder.name, folder.name, "Imported folder.", folder))
    return entries


def find(model: str | Path) -> Path:
    """The folder of a model by name or path.

    Raises:
        MissingModelError: no such model here.
    """
    if str(model):
        for folder in (*(root / str(model) for root in _roots()), Path(model).expanduser()):
            if folder.is_dir():
                return folder
    here = ", ".join(entry.name for entry in catalogue() if entry.path) or "none"
    raise MissingModelError(
        f"There is no model '{model}' on this computer.",
        remedy=f"Models here: {here}. Import a folder with: wildscribe models import FOLDER",
    )


def located(model: str | Path, adapter: Path | None = None) -> ModelFolder:
    """The parts of a model by name or path.

    Args:
        model: as `find` takes it.
        adapter: folder of an adapter in place of the model's own, see
            `engine.checkpoint.with_adapter`.

    Raises:
        ModelError: no such model here, or it or the adapter lacks a part.
    """
    folder = locate(find(model))
    return folder if adapter is None else with_adapter(folder, adapter)


def verify(model: str | Path) -> list[VerifiedFile]:
    """Compares every file of a model with the sums recorded for it.

    Raises:
        MissingModelError: no such model here, or nothing of it.
    """
    folder = find(model)
    recorded = _read_sums(folder)
    present = {path.relative_to(folder): path for path in _weights(folder)}
    if not present and not recorded:
        raise MissingModelError(f"{folder} is empty.", remedy="Copy or download the model again.")
    result = []
    for relative in sorted(present.keys() | recorded.keys()):
        path = present.get(relative)
        digest = _sha256(path) if path else ""
        ok = digest == recorded[relative] if relative in recorded else None
        result.append(VerifiedFile(relative, path.stat().st_size if path else 0, digest, ok))
    return result


def write_sums(folder: Path) -> None:
    """Records the SHA-256 of every file of a model folder in ``SHA256SUMS``."""
    lines = [
        f"{_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in _weights(folder)
    ]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")


def import_folder(
    source: Path, name: str | None = None, *, on_progress: Callable[[int, int], None] | None = None
) -> Path:
    """Copies a model into Wildscribe's own folder; the source stays as it is.

    The copy gets its name only when it is whole, so an interrupted import leaves nothing behind
    that looks like a model. Pickles are left out: they are never read.

    Args:
        source: a folder that `engine.checkpoint.locate` accepts.
        name: of the copy; by default the folder's own.
        on_progress: called with bytes copied and bytes in all.

    Returns:
        The new folder.

    Raises:
        ModelError: the folder is no model, or the name is taken or no plain name.
        StorageError: the disk is full or cannot be written.
    """
    locate(source)
    name = name or source.resolve().name
    if Path(name).name != name or name.startswith("."):
        raise ModelError(f"'{name}' is no name for a model.", remedy="Use letters and digits.")
    target = models_dir() / name
    if target.exists() or any((root / name).exists() for root in _roots()):
        raise ModelError(
            f"There is a model '{name}' already.", "It was left alone.", "Choose another --name."
        )
    partial = target.with_name(f".{name}.part")
    chosen = [
        path for path in _weights(source) if path.suffix.lower() not in PickleRefusedError.suffixes
    ]
    total = sum(path.stat().st_size for path in chosen)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        copied = 0
        for path in chosen:
            copy = partial / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            copied += path.stat().st_size
            if on_progress is not None:
                on_progress(copied, total)
        write_sums(partial)
        partial.rename(target)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(
            f"The model could not be copied: {error.strerror or error}.",
            "The folder you chose is unchanged.",
            f"Free at least {total / 1e9:.1f} GB in {models_dir()} and import it again.",
        ) from error
    return target


def _roots() -> tuple[Path, Path]:
    return shipped_dir(), models_dir()


def _entry(name: str, title: str, description: str, folder: Path | None) -> ModelEntry:
    size = sum(path.stat().st_size for path in _weights(folder)) if folder else 0
    folder = folder if size else None
    shipped = folder is not None and folder.parent == shipped_dir()
    return ModelEntry(name, title, description, folder, size, shipped)


def _weights(folder: Path) -> Iterator[Path]:
    """Every file of a model, in a stable order; not the sums themselves, nor hidden files.

    Linked folders are followed, unlike by `Path.rglob`: they are parts of the model as well.
    """
    paths = (Path(at, name) for at, _, names in os.walk(folder, followlinks=True) for name in names)
    for path in sorted(paths):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and path.name != SUMS and not hidden:
            yield path


def _read_sums(folder: Path) -> dict[Path, str]:
    path = folder / SUMS
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {Path(name): digest for digest, _, name in (line.partition("  ") for line in lines)}


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_PART_BYTES):
            digest.update(part)
    return digest.hexdigest()
