"""The clips of a run: read, checked, split, and heard by the base model, each of them once."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.audio import load
from engine.checkpoint.fingerprint import base_sha256
from engine.languages import LANGUAGES, UNSPACED
from engine.models import located
from engine.recognizer import Clip, Recognizer
from training.data import Example, Problem, check, read, read_examples, split, write_examples
from training.data.example import HELD_OUT, TRAIN
from training.data.problems import counts, write_problems
from training.data.split import shares_that_split
from training.finetune.context import Context
from training.finetune.errors import DataError, RunError, storage_error
from training.finetune.events import DataPrepared, WerMeasured
from training.finetune.interrupt import InterruptedStage, obey
from training.finetune.run import Command, Run
from training.score import ErrorCount, count_errors

_LEARNING = ("sft1", "sft2", "sft3", "rl", "router")
_JUDGING = ("router", "evaluate")

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
        DataError: there is nothing to learn from, or nothing is held out for a stage that needs it.
        InterruptedStage: someone wants something else.
        RunError: data.jsonl or the base model has been changed since.
        ModelError: the base model is not here any more.
        StorageError: the run's folder cannot be written.
    """
    if context.is_main and not run.data_file.exists():
        # Alone, it can break off; of several processes the others would wait for it.
        alone = context.processes == 1
        examples, problems = inspect(run, (lambda _: obey(context)) if alone else lambda _: None)
        _require_both_sides(run, examples, problems)
        try:
            write_problems(run.problems_file, problems)
            write_examples(run.data_file, examples)
        except OSError as error:
            raise storage_error(error) from error
        clips = _sides(examples)
        audio_s = sum(e.duration_s for e in examples)
        context.emit(DataPrepared(len(clips.train), len(clips.held_out), audio_s, counts(problems)))
    if context.is_main:
        _sealed(run)
    _wait_for_all(context)
    return _sides(read_examples(run.data_file))


def inspect(
    run: Run, on_clip: Callable[[int], None] = lambda count: None
) -> tuple[list[Example], list[Problem]]:
    """Reads and checks all data of a run, without beginning it.

    Args:
        run: the run.
        on_clip: told how many clips were opened.

    Raises:
        StorageError: audio could not be unpacked into the run's folder.
    """
    data = run.config.data
    try:
        found, unread = read(map(Path, data.paths), data.language, run.folder / "audio")
    except OSError as error:
        raise storage_error(error) from error
    good, unsound = check(found, data.most_clip_s, on_clip)
    return split(good, data.held_out_share), unread + unsound


def with_wer(run: Run, context: Context, clips: Clips, recognizer: Recognizer) -> Clips:
    """Fills in the base model's WER where it is not known, hearing those clips.

    What was heard is kept in wer.jsonl as it comes, so that no clip is ever heard twice. Several
    processes share the clips, each with a file of its own.

    Args:
        run: the run.
        context: of the stage.
        clips: its clips.
        recognizer: with the base model; the robust route is not used.

    Raises:
        InterruptedStage: someone wants something else.
        StorageError: the run's folder cannot be written.
    """
    unknown = [e.id for e in clips.train if e.wer is None]
    known = _known_wers(run)
    while any(clip not in known for clip in unknown):
        _measure(run, context, clips, recognizer)
        _wait_for_all(context)
        if (command := context.command()) is not Command.GO_ON:
            raise InterruptedStage(command)
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
    missing = [e for e in clips.train if e.wer is None and e.id not in known]
    missing.sort(key=lambda e: e.duration_s)
    mine = missing[context.rank :: context.processes]
    for at in range(0, len(mine), _AT_ONCE):
        if run.command() is not Command.GO_ON:
            return
        part = mine[at : at + _AT_ONCE]
        done = at + len(part)
        heard = recognizer.transcribe([Clip(load(e.audio), context=e.prompt) for e in part])
        try:
            with run.wer_file(context.rank).open("a", encoding="utf-8", newline="\n") as file:
                for example, hypothesis in zip(part, heard, strict=True):
                    row = {
                        "id": example.id,
                        "wer": wer(errors(example, hypothesis.text)),
                        "hypothesis": hypothesis.text,
                    }
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
        except OSError as error:
            raise storage_error(error) from error
        context.emit(WerMeasured(min(len(missing), done * context.processes), len(missing)))


def _known_wers(run: Run) -> dict[str, float]:
    # Of bytes: the lines of a text would end at U+2028 as well.
    lines = (line for path in run.wer_files() for line in path.read_bytes().splitlines())
    return {row["id"]: row["wer"] for row in map(json.loads, lines)}


def _sides(examples: list[Example]) -> Clips:
    return Clips(
        train=tuple(e for e in examples if e.split == TRAIN),
        held_out=tuple(e for e in examples if e.split == HELD_OUT),
    )


def _require_both_sides(run: Run, examples: list[Example], problems: list[Problem]) -> None:
    """There are clips to learn from, and held-out ones where a stage cannot do without.

    Raises:
        DataError: not so.
    """
    asked = ", ".join(run.config.data.paths) or "no data"
    if not examples:
        raise DataError(
            f"There is nothing to learn from in {asked}.", "Nothing was started.", _advice(problems)
        )
    sides = {e.split for e in examples}
    needed = {TRAIN} if any(name in run.config.stages for name in _LEARNING) else set()
    needed |= {HELD_OUT} if any(name in run.config.stages for name in _JUDGING) else set()
    if not needed - sides:
        return
    what = "held out" if TRAIN in sides else "to learn from"
    raise DataError(
        f"No clip of {len(examples)} in {asked} is {what}, and the stages of this run need some.",
        "Nothing was started.",
        held_out_advice(examples, run.config.data.held_out_share),
    )


def held_out_advice(examples: Sequence[Example], share: float) -> str:
    """What to do when all clips are on one side."""
    if any(e.given_split for e in examples):
        return 'The data says itself which clips are which: mark some as "train", some "held_out".'
    between = shares_that_split(examples)
    if between is None:
        return (
            "All clips are of one speaker. Say who speaks (a folder for each, or the field "
            '"speaker"), or mark some clips with "split": "held_out".'
        )
    low, high = math.ceil(1000 * between[0]) / 1000, math.floor(1000 * between[1]) / 1000
    return (
        "Speakers are held out by a hash of their names, and at a share of "
        f"{share:g} here that is nobody or everybody: under [data], set held_out_share above "
        f"{low:g} and below {high:g}."
    )


def _advice(problems: list[Problem]) -> str:
    if not problems:
        return "Name folders or files with clips under [data] paths."
    kinds = Counter(problem.kind for problem in problems)
    return f"{sum(kinds.values())} clips were left out; the first: {problems[0]}"


def _wait_for_all(context: Context) -> None:
    if context.processes > 1:
        from torch import distributed

        distributed.barrier()
