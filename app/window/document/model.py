"""A document that can be watched: plain data and what changed in it. Knows no Qt."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from app.library import Document
from engine.decide import redecide_all
from engine.transcript import DecidedBy, NonSpeech, Route, RoutePolicy, Segment, Transcript

Row = Segment | NonSpeech
"""What the list shows, in order of time; the start names a row."""


@dataclass(frozen=True, slots=True)
class RowsInserted:
    """A new row."""

    at: int


@dataclass(frozen=True, slots=True)
class RowsChanged:
    """Rows first to last, inclusive, look different."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class RowsReset:
    """Everything may be different."""


Change = RowsInserted | RowsChanged | RowsReset


class DocumentModel:
    """The open document.

    Whatever happens to it, from the engine or by the person, happens through these methods, and
    everyone who watches hears of it.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._rows: list[Row] = sorted(
            (*document.segments, *document.transcript.non_speech), key=_start
        )
        self._pending: dict[float, Route] = {}
        self._whole: Document | None = None
        self._listeners: list[Callable[[Change], None]] = []
        self.set_threshold(self.threshold)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Speech and the stretches between, in order of time."""
        return tuple(self._rows)

    @property
    def pending(self) -> Mapping[float, Route]:
        """Start of every segment that must be decoded before its new route can be shown."""
        return self._pending

    @property
    def threshold(self) -> float:
        """Degraded probability from which the robust route is taken."""
        return self._document.transcript.threshold

    @property
    def heard_s(self) -> float:
        """Everything before this position has been heard, s."""
        return self._document.heard_s

    @property
    def document(self) -> Document:
        """The newest state, to be saved or exported."""
        if self._whole is None:
            self._whole = self._put_together()
        return self._whole

    def subscribe(self, listener: Callable[[Change], None]) -> None:
        """Calls ``listener`` after every change of the rows."""
        self._listeners.append(listener)

    def segment(self, start_s: float) -> Segment | None:
        """The segment that starts there."""
        row = self._rows[at] if (at := self._find(start_s)) is not None else None
        return row if isinstance(row, Segment) else None

    def put(self, row: Row) -> None:
        """Takes a row that was just heard.

        Where it overlaps what was heard before, it takes its place; but never that of a segment
        that the person has written or decided.
        """
        at = end = bisect_left(self._rows, row.start_s, key=_start)
        while at > 0 and self._rows[at - 1].end_s > row.start_s:
            at -= 1
        while end < len(self._rows) and self._rows[end].start_s < row.end_s:
            end += 1
        overlapped = self._rows[at:end]
        if any(isinstance(old, Segment) and _is_mine(old) for old in overlapped):
            return
        for old in overlapped:
            self._pending.pop(old.start_s, None)
        self._rows[at:end] = [row]
        if isinstance(row, Segment):
            self._redecide(at)
        if [old.start_s for old in overlapped] == [row.start_s]:
            self._tell(RowsChanged(at, at))
        else:
            self._tell(RowsReset() if overlapped else RowsInserted(at))

    def rewrite(self, segments: Iterable[Segment]) -> None:
        """Replaces segments by others with the same start, and decides their routes."""
        places = []
        for segment in segments:
            at = self._find(segment.start_s)
            if at is not None:
                self._rows[at] = segment
                self._redecide(at)
                places.append(at)
        if places:
            self._tell(RowsChanged(min(places), max(places)))

    def set_threshold(self, threshold: float) -> None:
        """Decides every segment again, from stored probabilities and decodings."""
        transcript = replace(self._document.transcript, threshold=threshold)
        self._know(replace(self._document, transcript=transcript))
        places = [at for at, row in enumerate(self._rows) if isinstance(row, Segment)]
        segments = [row for row in self._rows if isinstance(row, Segment)]
        shown, pending = redecide_all(segments, RoutePolicy(threshold=threshold))
        self._pending = {segments[index].start_s: route for index, route in pending.items()}
        for at, segment in zip(places, shown, strict=True):
            self._rows[at] = segment
        if self._rows:
            self._tell(RowsChanged(0, len(self._rows) - 1))

    def heard_up_to(self, position_s: float) -> None:
        """Everything before this position has been heard."""
        self._know(replace(self._document, heard_s=position_s))

    def last_at_least(self, duration_s: float) -> None:
        """The recording is known to be so long."""
        if duration_s > self._document.transcript.duration_s:
            transcript = replace(self._document.transcript, duration_s=duration_s)
            self._know(replace(self._document, transcript=transcript))

    def finish(self, summary: Transcript) -> None:
        """Takes what the engine knows of the whole recording."""
        known = self._document.transcript
        transcript = replace(
            known,
            duration_s=max(summary.duration_s, known.duration_s),
            model=summary.model,
            warnings=summary.warnings,
            complete=summary.complete,
        )
        self._know(replace(self._document, transcript=transcript))
        if summary.complete:
            self.heard_up_to(transcript.duration_s)

    def _put_together(self) -> Document:
        segments = tuple(row for row in self._rows if isinstance(row, Segment))
        pauses = tuple(row for row in self._rows if isinstance(row, NonSpeech))
        transcript = replace(self._document.transcript, segments=segments, non_speech=pauses)
        return replace(self._document, transcript=transcript)

    def _redecide(self, at: int) -> None:
        segment = self._rows[at]
        assert isinstance(segment, Segment)
        (shown,), pending = redecide_all([segment], RoutePolicy(threshold=self.threshold))
        self._rows[at] = shown
        self._pending.pop(segment.start_s, None)
        if 0 in pending:
            self._pending[segment.start_s] = pending[0]

    def _find(self, start_s: float) -> int | None:
        at = bisect_left(self._rows, start_s, key=_start)
        found = at < len(self._rows) and self._rows[at].start_s == start_s
        return at if found else None

    def _know(self, document: Document) -> None:
        """Takes everything but the rows."""
        self._document = document
        self._whole = None

    def _tell(self, change: Change) -> None:
        self._whole = None
        for listener in self._listeners:
            listener(change)


def _start(row: Row) -> float:
    return row.start_s


def _is_mine(segment: Segment) -> bool:
    return segment.edited or segment.decided_by is DecidedBy.USER
