"""The plain model of an open document."""

from pathlib import Path

import pytest

from app.library import Document
from app.window.document.model import (
    Change,
    DocumentModel,
    RowsChanged,
    RowsInserted,
    RowsReset,
)
from engine.transcript import DecidedBy, NonSpeech, NonSpeechKind, Route, Segment, Transcript
from tests.app.window.fakes import segment

BOTH = (Route.BASE, Route.ROBUST)


def watched(*segments: Segment) -> tuple[DocumentModel, list[Change]]:
    model = DocumentModel(Document.of(Path("talk.wav")).with_segments(segments))
    changes: list[Change] = []
    model.subscribe(changes.append)
    return model, changes


def starts(model: DocumentModel) -> list[float]:
    return [row.start_s for row in model.rows]


def test_rows_find_their_place_in_whatever_order_they_come() -> None:
    model, changes = watched()
    pause = NonSpeech(2.0, 4.0, NonSpeechKind.SILENCE)
    for row in (segment(4.0), segment(0.0), pause, segment(6.0)):
        model.put(row)
    assert starts(model) == [0.0, 2.0, 4.0, 6.0]
    assert changes == [RowsInserted(0), RowsInserted(0), RowsInserted(1), RowsInserted(3)]
    assert model.document.transcript.non_speech == (pause,)
    assert [s.start_s for s in model.document.segments] == [0.0, 4.0, 6.0]


def test_what_is_heard_again_takes_the_place_of_what_it_overlaps() -> None:
    model, changes = watched(segment(0.0), segment(2.0), segment(4.0))
    model.put(Segment(1.0, 3.5, "longer"))
    assert starts(model) == [1.0, 4.0]
    model.put(segment(4.0).rewritten("same place"))
    assert starts(model) == [1.0, 4.0]
    assert changes == [RowsReset(), RowsChanged(1, 1)]


@pytest.mark.parametrize(
    "mine",
    [
        segment(2.0).rewritten("my text"),
        segment(2.0, 0.1, *BOTH).choosing(Route.ROBUST, DecidedBy.USER),
    ],
)
def test_what_the_person_wrote_or_chose_is_never_replaced(mine: Segment) -> None:
    model, changes = watched(segment(0.0), mine)
    model.put(Segment(1.0, 3.5, "heard again"))
    assert model.segment(2.0) == mine
    assert not changes


def test_a_threshold_shows_at_once_what_is_stored_and_waits_for_the_rest() -> None:
    model, _ = watched(segment(0.0, 0.2), segment(2.0, 0.4, *BOTH), segment(4.0, 0.9))
    model.set_threshold(0.3)
    shown = model.segment(2.0)
    assert shown is not None
    assert (shown.route, shown.text) == (Route.ROBUST, "robust 2")
    assert model.pending == {}
    model.set_threshold(0.1)
    assert model.pending == {0.0: Route.ROBUST}
    model.set_threshold(0.5)
    assert model.pending == {}
    assert [s.route for s in model.document.segments] == [Route.BASE, Route.BASE, Route.ROBUST]


def test_a_segment_that_arrives_after_the_threshold_moved_is_decided_by_the_new_one() -> None:
    model, _ = watched()
    model.set_threshold(0.05)
    model.put(segment(0.0, 0.1))
    assert model.pending == {0.0: Route.ROBUST}
    model.put(Segment(0.0, 2.0, degraded_probability=0.1))
    model.put(segment(0.0, 0.1, Route.ROBUST))
    assert model.pending == {}


def test_rewriting_tells_which_rows() -> None:
    model, changes = watched(*(segment(2.0 * i) for i in range(5)))
    model.rewrite([segment(2.0).rewritten("b"), segment(6.0).rewritten("d"), segment(99.0)])
    assert changes == [RowsChanged(1, 3)]


def test_finishing_keeps_what_the_person_set() -> None:
    model, _ = watched(segment(0.0))
    model.set_threshold(0.7)
    model.finish(Transcript("", 9.0, model="mini", threshold=0.5, warnings=("cut off",)))
    document = model.document
    assert document.transcript.threshold == 0.7
    assert document.transcript.warnings == ("cut off",)
    assert (document.heard_s, document.transcript.complete) == (9.0, True)
