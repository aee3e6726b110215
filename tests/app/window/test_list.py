"""The list of segments: long documents, many repaints."""

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from app.library import Document
from app.window.document.layout import RowLayout
from app.window.document.list import SegmentList
from app.window.document.model import DocumentModel
from app.window.document.rows import SegmentRows
from engine.transcript import NonSpeech, NonSpeechKind
from tests.app.window.fakes import segment

LONG = 20_000


def shown(qtbot: QtBot, count: int) -> tuple[DocumentModel, SegmentList]:
    whole = Document.of(Path("talk.wav")).with_segments(
        tuple(segment(2.0 * i, (i % 100) / 100) for i in range(count))
    )
    model = DocumentModel(whole)
    rows = SegmentList(SegmentRows(model))
    rows.resize(800, 600)
    qtbot.addWidget(rows)
    rows.show()
    qtbot.waitExposed(rows)
    return model, rows


def test_a_list_of_twenty_thousand_follows_every_change(qtbot: QtBot) -> None:
    model, rows = shown(qtbot, LONG)
    model.put(NonSpeech(2.0 * LONG, 2.0 * LONG + 3.0, NonSpeechKind.SILENCE))
    model.put(segment(2.0 * LONG + 3.0))
    assert rows.model().rowCount() == LONG + 2
    rows.reveal(2.0 * (LONG - 1))
    assert rows.current is not None
    assert rows.current.start_s == 2.0 * (LONG - 1)
    model.set_threshold(0.95)
    assert len(model.pending) == LONG // 100 * 45


def test_repaints_take_no_reference_away_from_none(qtbot: QtBot) -> None:
    """PySide6 6.12.0 dropped one for each void virtual that Python overrides, until it died."""
    _, rows = shown(qtbot, 5)
    rows.repaint()
    before = sys.getrefcount(None)
    for _ in range(2000):
        rows.viewport().repaint()
    assert sys.getrefcount(None) >= before - 50


def test_a_removed_row_takes_the_selection_with_it(qtbot: QtBot) -> None:
    model, rows = shown(qtbot, 5)
    rows.reveal(4.0)
    model.put(NonSpeech(3.0, 7.0, NonSpeechKind.NOISE))
    assert rows.current is None


@pytest.mark.parametrize("direction", list(Qt.LayoutDirection)[:2])
def test_the_parts_of_a_row_do_not_overlap(qtbot: QtBot, direction: Qt.LayoutDirection) -> None:
    _, rows = shown(qtbot, 1)
    metrics = QFontMetrics(rows.font())
    text = "word " * 100
    for width in (500, 800, 1600):
        height = RowLayout(QRect(0, 0, width, 0), metrics, direction).height(text)
        layout = RowLayout(QRect(0, 0, width, height), metrics, direction)
        parts = [layout.time, layout.chip(60), layout.bar, layout.number, layout.text]
        for i, part in enumerate(parts):
            assert QRect(0, 0, width, height).contains(part)
            assert not any(part.intersects(other) for other in parts[i + 1 :])


def test_more_text_makes_a_higher_row(qtbot: QtBot) -> None:
    model, rows = shown(qtbot, 2)
    before = rows.visualRect(rows.model().index(0, 0)).height()
    model.rewrite([segment(0.0).rewritten("many words " * 60)])
    qtbot.waitUntil(lambda: rows.visualRect(rows.model().index(0, 0)).height() > before)
