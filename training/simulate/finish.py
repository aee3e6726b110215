"""From finished shards to the files that a person, or a training, reads."""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from engine.errors import StorageError
from training.data import Problem, ProblemKind
from training.simulate.files import PART, json_line, replaced
from training.simulate.learnability import Hear, with_rates
from training.simulate.manifest import SimulatedClip
from training.simulate.records import RECORDS
from training.simulate.settings import Settings
from training.simulate.shards import manifest_of

MANIFEST, DROPPED, PROBLEMS = "manifest.jsonl", "dropped.jsonl", "problems.jsonl"


@dataclass(frozen=True, slots=True)
class Measure:
    """How to tell which clips are beyond learning.

    Attributes:
        model: name written into the manifest.
        hear: what the model hears.
        drop_above: highest error rate of the clips in the manifest; None keeps all.
    """

    model: str
    hear: Hear
    drop_above: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a set.

    Attributes:
        manifest: its manifest.
        clips: how many are in it.
        dropped: how many are not, because the model hears too little in them.
        problems: what could not be used, each once.
    """

    manifest: Path
    clips: int
    dropped: int
    problems: tuple[Problem, ...]


def finish(
    out: Path,
    settings: Settings,
    problems: Iterable[Problem],
    measure: Measure | None,
    records: Sequence[str],
) -> Report:
    """Writes manifest, problems and records of a set whose shards are done, in the clips' order.

    Args:
        out: folder of the set.
        settings: of the set.
        problems: those that the list of sources has already.
        measure: by which clips are dropped.
        records: names in `RECORDS`; clips whose words are not known are in none of them.

    Raises:
        StorageError: something can't be written.
    """
    kept = dropped = 0
    limit = measure.drop_above if measure else None
    found = tuple(dict.fromkeys((*problems, *_problems_of_shards(out, settings))))
    try:
        with ExitStack() as files:
            manifest = files.enter_context(replaced(out / MANIFEST))
            refused = files.enter_context(replaced(out / DROPPED))
            written = {
                name: files.enter_context(replaced(out / f"{name}.jsonl")) for name in records
            }
            for clip in _clips(out, settings, measure.model if measure else None):
                if limit is not None and clip.wer is not None and clip.wer > limit:
                    refused.write(json_line(clip.to_json()))
                    dropped += 1
                    continue
                manifest.write(json_line(clip.to_json()))
                kept += 1
                for name, file in written.items() if clip.text is not None else ():
                    file.write(json_line(RECORDS[name](clip)))
        with replaced(out / PROBLEMS) as file:
            file.writelines(json_line({"where": one.where, "what": one.what}) for one in found)
        _clear(out)
    except OSError as error:
        raise StorageError(
            f"{out / MANIFEST} can't be written: {error.strerror or error}.",
            "Finished shards are kept.",
            "Make room on the disk and give the same command again.",
        ) from error
    return Report(out / MANIFEST, kept, dropped, found)


def _clips(out: Path, settings: Settings, model: str | None) -> Iterator[SimulatedClip]:
    for shard in range(settings.shards):
        yield from with_rates(out, shard, model)


def _problems_of_shards(out: Path, settings: Settings) -> Iterator[Problem]:
    for shard in range(settings.shards):
        with manifest_of(out, shard).with_suffix(".problems").open("rb") as file:
            for row in map(json.loads, file):
                yield Problem(ProblemKind(row["kind"]), row["where"], row["what"])


def _clear(out: Path) -> None:
    """What killed runs left behind."""
    for part in (*out.glob(f".*{PART}"), *out.glob(f"*/.*{PART}")):
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
