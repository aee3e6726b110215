"""The library on disk.

    clinic/                 an adapter
      1/, 2/                its versions: a PEFT folder, ``lineage.json``, ``SHA256SUMS``, perhaps
                            ``learnt.txt``, ``router.safetensors`` and its report ``router.json``
      promotions.json       which version is in use, and which were before

A version gets its number only when it is whole, and never changes afterwards.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from engine.checkpoint.folder import ROUTER_FILE, ROUTER_REPORT, router_threshold
from engine.errors import StorageError
from engine.models import models_dir, write_sums
from training.adapters import promotions
from training.adapters.check import check
from training.adapters.entry import AdapterEntry
from training.adapters.errors import AdapterError, ForeignBaseError, MissingAdapterError
from training.adapters.fingerprint import ADAPTER_FILES, adapter_sha256
from training.adapters.learnt import Learnt, read_learnt, write_learnt
from training.adapters.lineage import Lineage, read_lineage, require_plain, write_lineage
from training.adapters.plain import plain
from training.adapters.promotions import Promotion

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_REFERENCE = re.compile(rf"(?P<name>{_NAME.pattern})(?:@(?P<version>[1-9]\d{{0,8}}))?")


class AdapterLibrary:
    """Adapters below one folder; nothing is created before the first is added.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def default(cls) -> "AdapterLibrary":
        """The person's own, beside the models."""
        return cls(models_dir().with_name("adapters"))

    def entries(self) -> list[AdapterEntry]:
        """Every version of every adapter, by name and number.

        Raises:
            AdapterError: a lineage is damaged.
            StorageError: a history is damaged.
        """
        names = sorted(path.name for path in self.root.iterdir()) if self.root.is_dir() else []
        return [entry for name in names if _NAME.fullmatch(name) for entry in self.versions(name)]

    def versions(self, name: str) -> list[AdapterEntry]:
        """Every version of one adapter; none when there is no such adapter.

        Raises: as `entries` does.
        """
        folder = self.root / _checked(name)
        in_use = promotions.current(promotions.read_history(folder))
        return [
            AdapterEntry(
                name, number, folder / str(number), read_lineage(folder / str(number)),
                number == in_use,
            )
            for number in _numbers(folder)
        ]  # fmt: skip

    def find(self, reference: str) -> AdapterEntry:
        """An adapter by ``name``, which means the version in use, or by ``name@version``.

        Raises:
            MissingAdapterError: no such adapter, or none of its versions is in use.
        """
        match = _REFERENCE.fullmatch(reference)
        versions = self.versions(match["name"]) if match else []
        if match is None or not versions:
            raise MissingAdapterError(
                f"There is no adapter '{reference}' in the library.",
                remedy="`wildscribe adapters list` shows what is there.",
            )
        wanted = match["version"]
        for entry in versions:
            if entry.in_use if wanted is None else entry.version == int(wanted):
                return entry
        here = ", ".join(entry.reference for entry in versions)
        what = f"no version of '{match['name']}' is in use" if wanted is None else "not this one"
        raise MissingAdapterError(
            f"'{reference}': {what}; there are {here}.",
            remedy="Name one of these, or promote it first.",
        )

    def current(self, name: str) -> AdapterEntry | None:
        """The version in use, if any."""
        return next((entry for entry in self.versions(name) if entry.in_use), None)

    def add(
        self,
        name: str,
        adapter: Path,
        lineage: Lineage,
        router: Path | None = None,
        learnt: Learnt | None = None,
    ) -> AdapterEntry:
        """Copies an adapter into the library as the next version. It is not put to use.

        Args:
            name: lower-case letters, digits, ``-`` and ``_``.
            adapter: a PEFT folder.
            lineage: where it comes from. Where it names no threshold, that of the router's report
                is taken.
            router: made for this adapter, safetensors; by default the one that lies beside it.
            learnt: the clips it learnt from; by default what ``learnt.txt`` beside it says. The
                lineage then speaks of them.

        Raises:
            AdapterError: the name is no name, or the lineage is not of this adapter.
            MissingAdapterError: the folder holds no adapter.
            ModelError: the adapter or the router cannot be read.
            StorageError: the library cannot be written.
        """
        adapter_sha256(adapter)
        require_plain(lineage)
        with self.incoming(name) as folder:
            for member in ADAPTER_FILES:
                if (adapter / member).is_file():
                    shutil.copyfile(adapter / member, folder / member)
            router = router or adapter / ROUTER_FILE
            if router.is_file():
                shutil.copyfile(router, folder / ROUTER_FILE)
                report = router.with_name(ROUTER_REPORT)
                if report.is_file():
                    shutil.copyfile(report, folder / ROUTER_REPORT)
                    if lineage.threshold is None:
                        lineage = replace(lineage, threshold=router_threshold(router))
            learnt = learnt or read_learnt(adapter)
            if learnt is not None:
                write_learnt(learnt, folder)
                lineage = replace(
                    lineage, learnt_sha256=learnt.sha256, learnt_in_full=learnt.in_full
                )
            write_lineage(lineage, folder)
        return self.versions(name)[-1]

    @contextmanager
    def incoming(self, name: str) -> Iterator[Path]:
        """A folder to be filled; when the block ends well and it is sound, the next version.

        Raises: as `add` does.
        """
        target = self.root / _checked(name)
        partial = None
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(prefix=".incoming-", dir=self.root))
            yield partial
            check(partial)
            write_sums(partial)
            partial.chmod(0o755)
            target.mkdir(exist_ok=True)
            partial.rename(target / str(max(_numbers(target), default=0) + 1))
        except OSError as error:
            raise StorageError(
                f"The adapter could not be stored: {error.strerror or error}.",
                "The library is as it was.",
                f"See that {self.root} can be written and has room.",
            ) from error
        finally:
            if partial is not None:
                shutil.rmtree(partial, ignore_errors=True)

    def history(self, name: str) -> list[Promotion]:
        """What was put to use and taken out of it, oldest first."""
        return promotions.read_history(self.root / _checked(name))

    def promote(self, entry: AdapterEntry, because: str, *, insisted: bool = False) -> bool:
        """Puts a version to use: from now on, the bare name means it.

        Whether it should be is decided elsewhere: `training.evaluate.verdict`.

        Returns:
            False where it was in use already: nothing is noted then, so that rolling back always
            leads to another version.

        Raises:
            StorageError: the history is damaged or cannot be written.
        """
        if promotions.current(self.history(entry.name)) == entry.version:
            return False
        self._note(entry.name, Promotion("promote", entry.version, promotions.now(), because,
                                         insisted))  # fmt: skip
        return True

    def roll_back(self, name: str, because: str) -> AdapterEntry | None:
        """Takes the version in use out of it; the one before comes back.

        Returns:
            What is in use now; None when nothing was before.

        Raises:
            MissingAdapterError: nothing is in use.
            StorageError: the history is damaged or cannot be written.
        """
        entry = self.current(name)
        if entry is None:
            raise MissingAdapterError(f"No version of '{name}' is in use; nothing to roll back.")
        self._note(name, Promotion("roll back", entry.version, promotions.now(), because))
        return self.current(name)

    def _note(self, name: str, step: Promotion) -> None:
        try:
            promotions.append(self.root / name, step)
        except OSError as error:
            raise StorageError(
                f"The choice could not be stored: {error.strerror or error}.",
                "The version in use is the same as before.",
                f"See that {self.root / name} can be written.",
            ) from error


def require_base(lineage: Lineage, base_sha256: str, name: str) -> None:
    """Lets an adapter pass only on the base model that it was made for.

    Args:
        lineage: of the adapter.
        base_sha256: of the model, see `training.adapters.fingerprint`.
        name: of the adapter, for people.

    Raises:
        ForeignBaseError: it was made for another one.
    """
    if lineage.base_sha256 != base_sha256:
        raise ForeignBaseError(
            f"{name} was made for another base model, {plain(lineage.base)}.",
            "Nothing was changed.",
            "Use it with that model.",
        )


def is_name(name: str) -> bool:
    """Whether an adapter can be called so."""
    return _NAME.fullmatch(name) is not None


def _checked(name: str) -> str:
    if not is_name(name):
        raise AdapterError(
            f"'{plain(name)}' is no name for an adapter.",
            remedy="Use lower-case letters, digits, - and _, at most 64.",
        )
    return name


def _numbers(folder: Path) -> list[int]:
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(int(path.name) for path in found if re.fullmatch(r"[1-9]\d*", path.name))
