"""The whole transcript as JSON, and back without loss.

Schema ``wildscribe.transcript``, version 1: one object with ``schema``, ``version`` and the fields
of `engine.transcript.Transcript`; each of ``segments`` has the fields of `Segment`, each of its
``alternatives`` those of `Decoding`, each of ``non_speech`` those of `NonSpeech`, under the same
names. Times are in seconds, probabilities in [0, 1]. Readers ignore keys they don't know; a change
that older readers would misunderstand raises the version.
"""

import json
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from engine.errors import StorageError, TranscriptFormatError
from engine.transcript import Transcript

SCHEMA = "wildscribe.transcript"
VERSION = 1

_TRANSCRIPT = TypeAdapter(Transcript)
_LAST = ("non_speech", "segments")
"""The long parts go behind the rest, so that the head of the file tells what it is."""


def render_json(transcript: Transcript) -> str:
    """All of it, indented.

    Raises:
        ValueError: a number in it is NaN or infinite.
    """
    fields = asdict(transcript)
    head = {key: value for key, value in fields.items() if key not in _LAST}
    tail = {key: fields[key] for key in _LAST}
    whole = {"schema": SCHEMA, "version": VERSION, **head, **tail}
    return json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def read_json(source: str | Path) -> Transcript:
    """A transcript that was written as JSON.

    Args:
        source: a path, or the JSON itself as a string.

    Raises:
        TranscriptFormatError: it is no transcript, damaged, or of an unknown version.
        StorageError: the file can't be read.
    """
    if isinstance(source, Path):
        name = source.name
        try:
            text = source.read_text(encoding="utf-8")
        except OSError as error:
            raise StorageError(
                f"{source} could not be read: {error.strerror or error}.",
                "Nothing was changed.",
                "Check its name and place.",
            ) from error
        except UnicodeDecodeError as error:
            raise _refused(f"{name} is no text.") from error
    else:
        name, text = "The transcript", source
    try:
        head = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(f"{name} is no JSON.") from error
    if not isinstance(head, dict) or head.get("schema") != SCHEMA:
        raise _refused(f"{name} is no transcript of Wildscribe.")
    if head.get("version") != VERSION:
        raise TranscriptFormatError(
            f"{name} is a transcript of version {head.get('version')}; this is version {VERSION}.",
            "The file was not changed.",
            "Open it with a newer Wildscribe.",
        )
    try:
        return _TRANSCRIPT.validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise _refused(f"{name} is damaged at {place}: {first['msg']}.") from error


def _refused(what: str) -> TranscriptFormatError:
    return TranscriptFormatError(
        what, "The file was not changed.", "Choose a file that was exported as JSON."
    )
