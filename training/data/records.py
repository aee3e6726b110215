"""A record (a line of JSON, a row of a table) -> a clip, whatever its author called the fields.

Known are: SFT records (``audio, text, prompt``; the text may begin with ``language X<asr_text>``),
evaluation records (``audio, answer``), records of Voices-in-the-Wild-Bench (``audio_path, answer,
subset``), simulated manifests (``path`` or ``audio``, ``text, language, speaker, scenario,
severity, wer``) and what data sets on Hugging Face mostly have (``sentence``, ``transcription``).
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from engine.errors import UsageError
from engine.languages import resolve
from training.data.example import HELD_OUT, NO_SPEECH, TEXT_MARK, TRAIN, Example
from training.data.problems import Problem, ProblemKind

SUFFIXES = frozenset(
    {".aac", ".aif", ".aiff", ".flac", ".m4a", ".mka", ".mp3", ".mp4", ".oga", ".ogg", ".opus"}
    | {".wav", ".webm", ".wma"}
)
"""Of files that may be clips."""

AUDIO = ("audio", "audio_path", "audio_filepath", "path", "file")
_TEXT = ("text", "answer", "sentence", "transcription", "transcript", "normalized_text")
_LANGUAGE = ("language", "lang", "locale")
_SPEAKER = ("speaker", "speaker_id", "client_id", "source_id")
_SPLITS = {"train": TRAIN, "training": TRAIN} | dict.fromkeys(
    ("held_out", "test", "validation", "valid", "dev", "eval"), HELD_OUT
)
_TAG = re.compile(rf"\s*language (?P<language>[^<\n]*?){TEXT_MARK}", re.ASCII)


def to_example(
    record: Mapping[str, Any], audio: Path, source: str, language: str
) -> Example | Problem:
    """The clip of a record, or why there is none.

    Args:
        record: its fields.
        audio: its audio, already a file.
        source: where the record is, for people.
        language: of records that do not say theirs; may be empty.
    """
    text = _first(record, _TEXT)
    if not isinstance(text, str):
        return Problem(ProblemKind.EMPTY, source, "There are no words.")
    tag = _TAG.match(text)
    said = tag["language"] if tag else _first(record, _LANGUAGE) or _of_subset(record) or language
    words = " ".join(text[tag.end() if tag else 0 :].split())
    if str(said) == NO_SPEECH:
        if words:
            return Problem(ProblemKind.LANGUAGE, source, "There are words, but no language.")
        name = NO_SPEECH
    elif not any(mark.isalnum() for mark in words):
        return Problem(ProblemKind.EMPTY, source, "There are no words.")
    else:
        try:
            # "en-US", "zh_CN": the region makes no difference to the model.
            resolved = resolve(re.split(r"[-_]", str(said or ""))[0])
        except UsageError:
            return Problem(ProblemKind.LANGUAGE, source, f"The model has no language '{said}'.")
        if resolved is None:
            return Problem(ProblemKind.LANGUAGE, source, "Its language is not said.")
        name = resolved
    return Example(
        audio=audio,
        text=words,
        language=name,
        prompt=str(record.get("prompt") or ""),
        speaker=str(_first(record, _SPEAKER) or _source(record)),
        source=source,
        given_split=_SPLITS.get(str(record.get("split") or "").lower(), ""),
        scenario=_scenario(record),
        severity=_number(record, ("severity", "global_severity")),
        wer=_number(record, ("base_wer", "wer")),
    )


def speaker_of(place: PurePath) -> str:
    """Who speaks in a file of a folder: in "anna/07.flac" it is "anna"; "" where it does not say.

    Args:
        place: relative to the folder.
    """
    return place.parts[0] if len(place.parts) > 1 else ""


def audio_of(record: Mapping[str, Any]) -> Any:
    """What a record says about its audio: a path, bytes, or both."""
    return _first(record, AUDIO)


def _first(record: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _of_subset(record: Mapping[str, Any]) -> str:
    """The benchmark's "sim-en-noise"."""
    parts = str(record.get("subset") or "").split("-")
    return parts[1] if len(parts) > 2 else ""


def _source(record: Mapping[str, Any]) -> str:
    """The clean clip that a clip was made of stands for its speaker, where nobody knows that.

    A manifest that does not even say that it does not know is older: what its folders say counts.
    """
    source = str(record.get("source") or "")
    relative = not PurePosixPath(source).is_absolute() and not PureWindowsPath(source).drive
    if "speaker" in record or not relative or PurePosixPath(source).suffix.lower() not in SUFFIXES:
        return source
    return speaker_of(PurePosixPath(source)) or source


def _scenario(record: Mapping[str, Any]) -> str:
    """Said as such, by the simulator of the paper, or by the benchmark's "sim-en-noise"."""
    category = "-".join(str(record.get("subset") or "").split("-")[2:])
    said = record.get("scenario") or record.get("combination") or category
    return "+".join(map(str, said)) if isinstance(said, (list, tuple)) else str(said)


def _number(record: Mapping[str, Any], names: Sequence[str]) -> float | None:
    value = _first(record, names)
    return float(value) if isinstance(value, (int, float)) else None
