"""Which clips an adapter learnt from: ``learnt.txt`` beside its weights.

One digest a line, sorted, so that no evaluation measures an adapter on what it was taught. Only
digests: the file goes along when an adapter is given away, and says nothing of what was spoken.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from training.adapters.errors import AdapterError
from training.adapters.lineage import FILE as LINEAGE_FILE
from training.adapters.lineage import Lineage, read_lineage

FILE = "learnt.txt"

_DIGITS = 16
_LINE = re.compile(rf"[0-9a-f]{{{_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class Learnt:
    """Clips that an adapter learnt from.

    Attributes:
        clips: the digest of each, see `clip_digest`.
        in_full: these are all; False where it was trained on from an adapter that does not tell.
    """

    clips: frozenset[str]
    in_full: bool

    @property
    def text(self) -> str:
        """Content of ``learnt.txt``."""
        return "".join(f"{clip}\n" for clip in sorted(self.clips))

    @property
    def sha256(self) -> str:
        """Of ``learnt.txt``, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def clip_digest(sha256: str) -> str:
    """How a clip is named here, and `EvaluationClip.id` too: 16 hexadecimal digits.

    Args:
        sha256: of its samples, hexadecimal, see `training.data.Example`.
    """
    return sha256[:_DIGITS]


def write_learnt(learnt: Learnt, folder: Path) -> None:
    """Writes ``learnt.txt``. Raises OSError."""
    (folder / FILE).write_text(learnt.text, encoding="utf-8", newline="\n")


def read_learnt(folder: Path, lineage: Lineage | None = None) -> Learnt | None:
    """Reads ``learnt.txt``; None where an adapter does not tell what it learnt from.

    Args:
        folder: of the adapter.
        lineage: of the adapter; by default the one in the folder, if there is one.

    Raises:
        AdapterError: it is damaged, or not the one that the lineage speaks of.
    """
    if lineage is None and (folder / LINEAGE_FILE).is_file():
        lineage = read_lineage(folder)
    stated = lineage.learnt_sha256 if lineage else None
    path = folder / FILE
    if not path.is_file():
        if stated is not None:
            raise _damaged(path, "it is not there, and the lineage speaks of it")
        return None
    try:
        content = path.read_bytes()
        lines = content.decode("ascii").split("\n")
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    clips = frozenset(lines[:-1])
    if lines[-1] or not all(map(_LINE.fullmatch, clips)):
        raise _damaged(path, "a line of it is no digest of a clip")
    if lineage is not None and hashlib.sha256(content).hexdigest() != stated:
        raise _damaged(path, "the lineage speaks of another one")
    return Learnt(clips, in_full=lineage is not None and lineage.learnt_in_full)


def _damaged(path: Path, why: str) -> AdapterError:
    return AdapterError(
        f"{path} does not tell what the adapter learnt from: {why}.",
        "Nothing was changed.",
        "Get the adapter again from where it came from.",
    )
