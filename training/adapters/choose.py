"""An adapter as a person names it: from the library, or a folder."""

from dataclasses import dataclass
from pathlib import Path

from training.adapters.entry import AdapterEntry
from training.adapters.errors import MissingAdapterError
from training.adapters.library import AdapterLibrary, is_name, require_base
from training.adapters.lineage import FILE, read_lineage


@dataclass(frozen=True, slots=True)
class ChosenAdapter:
    """An adapter, found.

    Attributes:
        name: for people: "clinic@2", or the folder.
        folder: where it is.
        line: name of the adapter in the library; "" for a folder.
        threshold: degraded probability from which it is used, as its lineage says; None where
            its router's report, or the model's, is to be asked.
    """

    name: str
    folder: Path
    line: str = ""
    threshold: float | None = None


def choose(library: AdapterLibrary, adapter: str, base_sha256: str) -> ChosenAdapter:
    """Finds an adapter, and sees that it was made for the model it is to be used with.

    Args:
        library: where to look first.
        adapter: ``NAME`` or ``NAME@VERSION`` in the library; otherwise a folder.
        base_sha256: of the model, see `training.adapters.fingerprint`.

    Raises:
        MissingAdapterError: neither in the library nor a folder.
        ForeignBaseError: it was made for another base model.
    """
    try:
        entry = library.find(adapter)
    except MissingAdapterError:
        folder = Path(adapter).expanduser()
        if not folder.is_dir():
            raise
        if not (folder / FILE).is_file():
            return ChosenAdapter(adapter, folder)
        name, line, lineage = adapter, "", read_lineage(folder)
    else:
        name, line, folder, lineage = entry.reference, entry.name, entry.path, entry.lineage
    require_base(lineage, base_sha256, name)
    return ChosenAdapter(name, folder, line, lineage.threshold)


def used_on(library: AdapterLibrary, line: str, base_sha256: str) -> AdapterEntry | None:
    """The version in use of an adapter, where it was made for this base; a version for another one
    has nothing to say on it.

    Args:
        library: where to look.
        line: name of the adapter; one that cannot be a name is in no library.
        base_sha256: of the model.
    """
    entry = library.current(line) if is_name(line) else None
    return entry if entry and entry.lineage.base_sha256 == base_sha256 else None
