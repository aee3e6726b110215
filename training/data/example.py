"""A clip with its words, as plain data, and files of them."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from engine.errors import StorageError

TEXT_MARK = "<asr_text>"
"""Between the tag (``language English``) and the words of a target."""

NO_SPEECH = "None"
"""What the model writes for a language when it hears no speech."""

TRAIN, HELD_OUT = "train", "held_out"


@dataclass(frozen=True, slots=True)
class Example:
    """A clip to learn from, or to be measured on.

    Attributes:
        audio: a file that holds this clip and nothing else; absolute.
        text: what is said; "" for a clip without speech.
        language: English name, or `NO_SPEECH`.
        prompt: the context the model reads first; may be empty.
        speaker: who speaks, or whatever else must not be on both sides of a split (the recording,
            the clean source of a simulated clip).
        source: where it was read from, for people: "clips.jsonl, line 7".
        given_split: `TRAIN` or `HELD_OUT` where the data says so itself, else "".
        scenario: what was done to it: names of conditions joined by "+"; "" for nothing known.
        severity: how hard it was done, in [0, 1]; None when not known.
        wer: of the base model, 1 = 100 %; None when not known.
        duration_s: length, s; 0 before it was checked.
        sha256: of its samples, hexadecimal; "" before it was checked.
        split: `TRAIN` or `HELD_OUT`; "" before it was decided.
    """

    audio: Path
    text: str
    language: str
    prompt: str = ""
    speaker: str = ""
    source: str = ""
    given_split: str = ""
    scenario: str = ""
    severity: float | None = None
    wer: float | None = None
    duration_s: float = 0.0
    sha256: str = ""
    split: str = ""

    @property
    def target(self) -> str:
        """What the model shall write, without the end mark."""
        return f"language {self.language}{TEXT_MARK}{self.text}"

    @property
    def id(self) -> str:
        """Stable name: a digest of what is heard and what is said, 16 hexadecimal digits."""
        key = "\0".join((self.sha256 or str(self.audio), self.prompt, self.target))
        return hashlib.sha256(key.encode()).hexdigest()[:16]

    def to_row(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self) | {"audio": str(self.audio)}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "Example":
        """What `to_row` gave."""
        known = {field.name: row[field.name] for field in fields(cls)}
        return cls(**(known | {"audio": Path(row["audio"])}))


def write_examples(path: Path, examples: Iterable[Example]) -> None:
    """Writes JSON Lines; the file gets its name when it is whole. Raises OSError."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", newline="\n") as file:
        for example in examples:
            file.write(json.dumps(example.to_row(), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_examples(path: Path) -> list[Example]:
    """What `write_examples` wrote.

    Raises:
        StorageError: it cannot be read, or is damaged.
    """
    try:
        lines = path.read_bytes().splitlines()
        return [Example.from_row(json.loads(line)) for line in lines]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{path} cannot be read: {error}.") from error
