"""The clips of a run: read, checked, split, and heard by the base model, each of them once."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from engine.audio import load
from engine.checkpoint.fingerprint import base_sha256
from engine.languages import LANGUAGES, UNSPACED
from engine.models import located
from engine.recognizer import Clip, Recognizer
from training.data import Example, Problem, check, read, read_examples, split, write_examples
from training.data.example import HELD_OUT, TRAIN
from training.data.problems import counts
from training.finetune.context import Context
from training.finetune.errors import DataError, RunError, storage_error
from training.finetune.events import DataPrepared, WerMeasured
from training.finetune.run import Run
from training.score import ErrorCount, count_errors

_AT_ONCE = 32
"""Clips heard between two lines in wer.jsonl."""

_CODES = {name: code for code, name in LANGUAGES.items()}


@dataclass(frozen=True, slots=True)
class Clips:
    """The clips of a run."""

    train: tuple[Example, ...]
    held_out: tuple[Example, ...]


def prepared(run: Run, context: Context) -> Clips:
    """The clips of a run. The first call reads and checks all data; later ones read data.jsonl.

    Raises:
        DataError: there is nothing to learn from.
        RunError: data.jsonl or the base model has been changed since.
        ModelError: the base model is not here any more.
        StorageError: the run's folder cannot be written.
    """
    if context.is_main and not run.data_file.exists():
        examples, problems = inspect(run)
        if not any(e.split == TRAIN for e in examples):
            asked = ", ".join(run.config.data.paths) or "no data"
            raise DataError(
                f"There is nothing to learn from in {asked}.",
                "Nothing was started.",
                _advice(problems),
            )
        try:
            write_examples(run.data_file, examples)
        except OSError as error:
            raise storage_error(error) from error
        clips = _sides(examples)
        audio_s = sum(e.duration_s for e in examples)
        context.emit(DataPrepared(len(clips.train), len(clips.held_out), audio_s, counts(problems)))
    if context.is_main:
        _sealed(run)
    _wait_for_main(context)
    return _sides(read_examples(run.data_file))


def inspect(run: Run) -> tuple[list[Example], list[Problem]]:
    """Reads and checks all data of a run, without beginning it.

    Raises:
        StorageError: audio could not be unpacked into the run's folder.
    """
    data = run.config.data
    try:
        found, unread = read(map(Path, data.paths), data.language, run.folder / "audio")
    except OSError as error:
        raise storage_error(error) from error
    good, unsound = check(found, data.most_clip_s)
    return split(good, data.held_out_share), unread + unsound


def with_wer(run: Run, context: Context, clips: Clips, recognizer: Recognizer) -> Clips:
    """Fills in the base model's WER where it is not known, hearing those clips.

    What was heard is kept in wer.jsonl as it comes, so that no clip is ever heard twice.

    Args:
        run: the run.
        context: of the stage.
        clips: its clips.
        recognizer: with the base model; the robust route is not used.

    Raises:
        StorageError: the run's folder cannot be written.
    """
    if context.is_main:
        _measure(run, context, clips, recognizer)
    _wait_for_main(context)
    known = _known_wers(run)
    return replace(
        clips,
        train=tuple(e if e.wer is not None else replace(e, wer=known[e.id]) for e in clips.train),
    )


def errors(example: Example, hypothesis: str) -> ErrorCount:
    """Errors in words, or in characters where these count."""
    # The normaliser counts characters for Chinese; other languages without spaces want the same.
    code = "zh" if example.language in UNSPACED else _CODES.get(example.language, "en")
    return count_errors(example.text, hypothesis, code)


def wer(count: ErrorCount) -> float:
    """WER, 1 = 100 %; where nothing was said, 1 as soon as anything was heard."""
    return 1.0 if count.rate is None else count.rate


def _sealed(run: Run) -> None:
    """Notes the digests of clips and base the first time, and compares them ever after."""
    state = run.state()
    clips = hashlib.sha256(run.data_file.read_bytes()).hexdigest()
    if state.data_sha256 not in ("", clips):
        raise RunError(
            f"{run.data_file} is not what it was when the run began.",
            "What was learnt is kept.",
            "Put the file back, or begin a new run with the new clips.",
        )
    base = base_sha256(located(run.config.model.path))
    if state.base_sha256 not in ("", base):
        raise RunError(
            f"The model '{run.config.model.path}' is not the one that the run began with.",
            "What was learnt is kept; it fits the former model only.",
            "Put that model back, or begin a new run.",
        )
    try:
        run.save_state(replace(state, data_sha256=clips, base_sha256=base))
    except OSError as error:
        raise storage_error(error) from error


def _measure(run: Run, context: Context, clips: Clips, recognizer: Recognizer) -> None:
    known = _known_wers(run)
    open_clips = [e for e in clips.train if e.wer is None and e.id not in known]
    open_clips.sort(key=lambda e: e.duration_s)
    for at in range(0, len(open_clips), _AT_ONCE):
        part = open_clips[at : at + _AT_ONCE]
        heard = recognizer.transcribe([Clip(load(e.audio), context=e.prompt) for e in part])
        try:
            with run.wer_file.open("a", encoding="utf-8", newline="\n") as file:
                for example, hypothesis in zip(part, heard, strict=True):
                    row = {
                        "id": example.id,
                        "wer": wer(errors(example, hypothesis.text)),
                        "hypothesis": hypothesis.text,
                    }
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
        except OSError as error:
            raise storage_error(error) from error
        context.emit(WerMeasured(at + len(part), len(open_clips)))


def _known_wers(run: Run) -> dict[str, float]:
    if not run.wer_file.exists():
        return {}
    lines = run.wer_file.read_text(encoding="utf-8").splitlines()
    return {row["id"]: row["wer"] for row in map(json.loads, lines)}


def _sides(examples: list[Example]) -> Clips:
    return Clips(
        train=tuple(e for e in examples if e.split == TRAIN),
        held_out=tuple(e for e in examples if e.split == HELD_OUT),
    )


def _advice(problems: list[Problem]) -> str:
    if not problems:
        return "Name folders or files with clips under [data] paths."
    kinds = Counter(problem.kind for problem in problems)
    return f"{sum(kinds.values())} clips were left out; the first: {problems[0]}"


def _wait_for_main(context: Context) -> None:
    if context.processes > 1:
        from torch import distributed

        distributed.barrier()
