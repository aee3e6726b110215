"""Transcripts that a person has corrected: what they wrote themselves is what can be learnt."""

from collections.abc import Iterator
from pathlib import Path

from engine.audio import load_spans
from engine.errors import AudioError, StorageError, TranscriptFormatError
from engine.export.json_format import read_json
from training.data.example import NO_SPEECH, Example
from training.data.problems import Problem, ProblemKind
from training.data.records import to_example
from training.data.unpack import unpack_samples


def read_corrections(path: Path, language: str, unpack_to: Path) -> Iterator[Example | Problem]:
    """The edited segments of an exported transcript, each cut out into a file of its own.

    The recording is looked for where the transcript says, then beside the transcript. It counts as
    the speaker: parts of one recording never lie on both sides of a split.
    """
    try:
        transcript = read_json(path)
    except (TranscriptFormatError, StorageError) as error:
        yield Problem(ProblemKind.UNREADABLE, str(path), error.what)
        return
    edited = sorted((s for s in transcript.segments if s.edited), key=lambda s: s.start_s)
    if not edited:
        yield Problem(ProblemKind.EMPTY, str(path), "Nothing in it was corrected by a person.")
        return
    said = Path(transcript.source)
    recording = next((p for p in (said, path.parent / said.name) if p.is_file()), None)
    if recording is None:
        yield Problem(ProblemKind.MISSING, str(path), f"Its recording is not there: {said}.")
        return
    try:
        spans = load_spans(recording, [(s.start_s, s.end_s) for s in edited])
        for segment, samples in zip(edited, spans, strict=True):
            source = f"{path}, {segment.start_s:.1f} s"
            if not len(samples):
                yield Problem(ProblemKind.EMPTY, source, "The recording ends before it.")
                continue
            spoken = segment.language or language if segment.text.strip() else NO_SPEECH
            record = {"text": segment.text, "language": spoken, "speaker": str(recording)}
            yield to_example(record, unpack_samples(samples, unpack_to), source, language)
    except (AudioError, StorageError) as error:
        yield Problem(ProblemKind.UNREADABLE, str(path), error.what)
