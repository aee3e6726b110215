"""The project's manifest: one JSON object a line, and each describes one clip fully."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.audio import load
from training.simulate.effect import Materials, Parameters, from_json, to_json
from training.simulate.errors import ManifestError, UnknownScenarioError
from training.simulate.plan import Plan, Rendered, render
from training.simulate.primitives import EFFECTS
from training.simulate.scenarios import scenario

FORMAT = 1

_KINDS: Mapping[str, tuple[type, ...]] = {
    "index": (int,),
    "audio": (str,),
    "duration_s": (int, float),
    "source": (str,),
    "text": (str, type(None)),
    "language": (str,),
    "speaker": (str,),
    "scenario": (str,),
    "sampling": (str,),
    "severity": (int, float),
    "seed": (int,),
    "attempt": (int,),
    "speed": (int, float),
    "effects": (list,),
    "measured": (list,),
    "gain_db": (int, float),
    "version": (str,),
    "bank": (str,),
    "wer": (int, float, type(None)),
    "wer_model": (str, type(None)),
}
_OF_THE_PLAN = frozenset({"scenario", "severity", "effects", "speed"})


@dataclass(frozen=True, slots=True)
class SimulatedClip:
    """One clip of a set: where it came from, what was done to it, and where it is.

    Attributes:
        index: number in the set, from 0.
        audio: its file, relative to the folder of the manifest, with "/"; "file.parquet#3" is the
            fourth row of a table.
        duration_s: length, s.
        source: the clean file, relative to the folder of the clean clips, or absolute.
        text: what is said; None where nobody knows.
        language: ISO code.
        speaker: who speaks; "" where nobody knows.
        plan: all parameters.
        sampling: how the severity was drawn.
        seed: of the set; with `index` and `attempt` it gives everything that was drawn.
        attempt: how many times the clip was begun before with a source or a noise that turned
            out to be damaged.
        measured: see `Rendered`.
        gain_db: see `Rendered`.
        version: of Wildscribe.
        bank: of the rooms.
        wer: error rate of a model on this clip (1.0 is 100 %); None where not measured.
        wer_model: that model.
    """

    index: int
    audio: str
    duration_s: float
    source: str
    text: str | None
    language: str
    plan: Plan
    sampling: str
    seed: int
    attempt: int
    measured: tuple[Parameters, ...]
    gain_db: float
    version: str
    bank: str
    wer: float | None = None
    wer_model: str | None = None
    speaker: str = ""

    def to_json(self) -> Parameters:
        """JSON values, in the order of reading."""
        return {
            "format": FORMAT,
            "index": self.index,
            "audio": self.audio,
            "duration_s": self.duration_s,
            "source": self.source,
            "text": self.text,
            "language": self.language,
            "speaker": self.speaker,
            "scenario": self.plan.scenario.name,
            "sampling": self.sampling,
            "severity": self.plan.severity,
            "seed": self.seed,
            "attempt": self.attempt,
            "speed": self.plan.speed,
            "effects": [to_json(effect) for effect in self.plan.effects],
            "measured": list(self.measured),
            "gain_db": self.gain_db,
            "version": self.version,
            "bank": self.bank,
            "wer": self.wer,
            "wer_model": self.wer_model,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "SimulatedClip":
        """The clip that `to_json` wrote.

        Raises:
            ValueError: of another format, or a field is missing or makes no sense.
        """
        if row.get("format") != FORMAT:
            raise ValueError(f'"format" is {row.get("format")!r}; {FORMAT} is known here')
        row = {"speaker": ""} | dict(row)  # sets made before 0.1 do not say
        for key, kinds in _KINDS.items():
            if key not in row:
                raise ValueError(f'"{key}" is missing')
            if not isinstance(row[key], kinds) or isinstance(row[key], bool):
                raise ValueError(f'"{key}" is {json.dumps(row[key])[:40]}')
        if not all(isinstance(one, dict) for one in (*row["effects"], *row["measured"])):
            raise ValueError('"effects" or "measured" are not lists of objects')
        plan = Plan(
            scenario(row["scenario"]),
            row["severity"],
            tuple(from_json(effect, EFFECTS) for effect in row["effects"]),
            row["speed"],
        )
        plain = {key: row[key] for key in _KINDS if key not in _OF_THE_PLAN}
        return cls(plan=plan, **(plain | {"measured": tuple(row["measured"])}))


def read_manifest(path: Path) -> Iterator[SimulatedClip]:
    """Reads a manifest line by line; never holds more than one.

    Raises:
        ManifestError: the file can't be read, or a line of it; names the line.
    """
    try:
        with path.open("rb") as file:
            yield from parse_manifest(file, str(path))
    except OSError as error:
        raise ManifestError(
            f"{path} cannot be read: {error.strerror or error}.", remedy="Check the path."
        ) from error


def parse_manifest(lines: Iterable[bytes], source: str) -> Iterator[SimulatedClip]:
    """Parses lines one by one; `source` is how errors call the file."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("not a JSON object")
            clip = SimulatedClip.from_json(row)
        except (ValueError, TypeError, RecursionError, UnknownScenarioError) as error:
            why = error.what if isinstance(error, UnknownScenarioError) else str(error)
            raise ManifestError(
                f"{source}, line {number}: {why.rstrip('.')}.",
                "Nothing was changed.",
                "Make the set again, or take the line out.",
            ) from error
        yield clip


def remake(clip: SimulatedClip, clean: Path, materials: Materials) -> Rendered:
    """The clip again from its clean source, bit for bit.

    Args:
        clip: from a manifest.
        clean: the folder of the clean clips.
        materials: those of the set: the same noises, the same bank.

    Raises:
        AudioError: the source can't be read.
        SimulationError: see `render`.
    """
    return render(clip.plan, load(clean / clip.source), materials)
