"""A document: a recording, and how far it has been heard."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from engine.transcript import USUAL_THRESHOLD, Segment, Transcript


@dataclass(frozen=True, slots=True)
class Document:
    """One recording with its transcript, as it is saved.

    Attributes:
        id: never changes.
        title: what the person calls it.
        created_at: when it was made, UTC.
        transcript: what was heard so far; ``complete`` when there is no more to hear.
        heard_s: everything before this position has been heard, s; hearing goes on from here.
    """

    id: str
    title: str
    created_at: datetime
    transcript: Transcript
    heard_s: float = 0.0

    @classmethod
    def of(cls, source: Path, threshold: float = USUAL_THRESHOLD) -> "Document":
        """A new document for a recording that nobody has heard yet.

        Args:
            source: the recording.
            threshold: degraded probability from which the robust route is taken, in [0, 1].
        """
        title = source.stem.encode("utf-8", "replace").decode()
        empty = Transcript(str(source), duration_s=0.0, complete=False, threshold=threshold)
        return cls(uuid4().hex, title, datetime.now(UTC), empty)

    @property
    def source(self) -> Path:
        """The recording."""
        return Path(self.transcript.source)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Speech, in order of time; the start of a segment names it."""
        return self.transcript.segments

    def with_segments(self, segments: tuple[Segment, ...]) -> "Document":
        """The same document with other segments."""
        return replace(self, transcript=replace(self.transcript, segments=segments))
