"""The window with a real engine process that reads from a script."""

import shutil
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QComboBox,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.window.document.rows import Role
from app.window.document.state import Activity
from app.window.document.view import DocumentView
from app.window.main import Wildscribe
from app.window.problem import Remedy
from engine.errors import EngineDiedError, StorageError
from engine.transcript import Route
from tests.app.window.conftest import Opener
from tests.engine.scripted_engine import COUNT, script

Make = Callable[[str], Path]


def document(wildscribe: Wildscribe) -> DocumentView:
    view = wildscribe.shell.document
    assert view is not None
    return view


def reopened(wildscribe: Wildscribe, qtbot: QtBot) -> DocumentView:
    qtbot.waitUntil(lambda: wildscribe.shell.document is not None)
    return document(wildscribe)


def transcribed(wildscribe: Wildscribe, path: Path, qtbot: QtBot) -> DocumentView:
    wildscribe.presenter.open_files([path])
    view = document(wildscribe)
    qtbot.waitUntil(lambda: view.presenter.state.complete)
    qtbot.waitUntil(lambda: view.list.model().rowCount() == COUNT + 1)
    return view


def texts(view: DocumentView) -> list[str]:
    return [segment.text for segment in view.presenter.model.document.segments]


def button(view: QWidget, name: str) -> QAbstractButton:
    (found,) = (b for b in view.findChildren(QAbstractButton) if b.accessibleName() == name)
    return found


def test_a_dropped_file_is_transcribed(open_window: Opener, recording: Make, qtbot: QtBot) -> None:
    shell = open_window().shell
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(recording("talk")))])
    shell.dropEvent(
        QDropEvent(
            QPointF(9, 9),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    view = shell.document
    assert view is not None
    qtbot.waitUntil(lambda: texts(view) == [segment.text for segment in script()])
    assert "talk" in shell.windowTitle()


def test_killing_the_engine_leaves_the_segments_and_offers_to_go_on(
    open_window: Opener, recording: Make, qtbot: QtBot
) -> None:
    wildscribe = open_window()
    wildscribe.presenter.open_files([recording("waits")])
    view = document(wildscribe)
    qtbot.waitUntil(lambda: len(texts(view)) == 2)
    process_id = wildscribe.engine.process_id
    assert process_id is not None
    psutil.Process(process_id).kill()
    qtbot.waitUntil(view.banner.isVisible)
    assert view.banner.problem is not None
    assert isinstance(view.banner.problem.error, EngineDiedError)
    assert len(texts(view)) == 2
    qtbot.mouseClick(button(view.banner, "Copy details"), Qt.MouseButton.LeftButton)
    assert "EngineDiedError" in QGuiApplication.clipboard().text()
    qtbot.mouseClick(button(view.banner, "Try again"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(texts(view)) == 4)  # from where it stopped, then waits again
    assert texts(view) == [segment.text for segment in script()[:4]]
    assert not view.banner.isVisible()
    view.presenter.cancel()
    qtbot.waitUntil(lambda: view.presenter.state.activity is Activity.NONE)


def test_the_document_comes_back_after_a_restart(
    open_window: Opener, recording: Make, qtbot: QtBot
) -> None:
    first = open_window()
    transcribed(first, recording("one"), qtbot)
    view = transcribed(first, recording("two"), qtbot)
    view.presenter.edit(2.0, "my own words")
    view.presenter.move_threshold(0.3)
    first.close()
    again = reopened(open_window(), qtbot)
    assert again.presenter.model.document.title == "two"
    assert texts(again)[1] == "my own words"
    assert again.presenter.model.threshold == 0.3
    assert again.list.model().rowCount() == COUNT + 1


def test_a_recording_begins_with_the_threshold_of_the_models_router(
    open_window: Opener, recording: Make, mini: Path, tmp_path: Path
) -> None:
    model = shutil.copytree(mini, tmp_path / "model")
    (model / "router" / "router.json").write_text('{"threshold": 0.2}')
    for name, expected in ((str(model), 0.2), ("not here", 0.5)):
        wildscribe = open_window(name)
        wildscribe.presenter.open_files([recording("waits")])
        assert document(wildscribe).presenter.model.threshold == expected
        wildscribe.close()


def test_what_was_unfinished_goes_on_after_a_restart(
    open_window: Opener, recording: Make, qtbot: QtBot
) -> None:
    first = open_window()
    path = recording("waits")
    first.presenter.open_files([path])
    qtbot.waitUntil(lambda: len(texts(document(first))) == 2)
    first.close()
    view = reopened(open_window(), qtbot)
    assert len(texts(view)) == 2
    go_on = button(view, "Continue")
    assert go_on.isVisible()
    qtbot.mouseClick(go_on, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(texts(view)) == 4)


def test_two_recordings_wait_for_each_other_and_both_are_heard(
    open_window: Opener, recording: Make, qtbot: QtBot
) -> None:
    wildscribe = open_window()
    wildscribe.presenter.open_files([recording("one"), recording("two")])
    assert document(wildscribe).presenter.model.document.title == "one"
    entries = wildscribe.library.entries()
    for entry in entries:
        wildscribe.presenter.open_document(entry.id)
        view = document(wildscribe)
        qtbot.waitUntil(lambda view=view: view.presenter.state.complete)
        assert len(texts(view)) == COUNT


def test_a_recording_is_a_document_from_its_first_moment(
    open_window: Opener, recording: Make, qtbot: QtBot
) -> None:
    wildscribe = open_window()
    path = recording("memo")
    wildscribe.recorder.began.emit(path)
    assert [entry.title for entry in wildscribe.library.entries()] == ["memo"]
    assert wildscribe.shell.document is None
    wildscribe.recorder.finished.emit(path)
    view = document(wildscribe)
    qtbot.waitUntil(lambda: view.presenter.state.complete)
    assert len(texts(view)) == COUNT


def test_text_is_edited_in_place_with_the_keyboard(
    open_window: Opener, recording: Make, qtbot: QtBot
) -> None:
    view = transcribed(open_window(), recording("talk"), qtbot)
    view.reveal(2.0)
    view.list.setFocus()
    qtbot.keyClick(view.list, Qt.Key.Key_F2)
    editor = view.list.findChild(QPlainTextEdit)
    assert editor is not None
    assert editor.toPlainText() == script()[1].text
    qtbot.keyClicks(editor, "my own words")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert texts(view)[1] == "my own words"
    view.presenter.undo_stack.undo()
    assert texts(view)[1] == script()[1].text


@pytest.mark.parametrize("leave", ["close", "another document"])
def test_a_text_that_is_not_finished_is_kept_when_the_person_leaves(
    open_window: Opener, recording: Make, qtbot: QtBot, leave: str
) -> None:
    wildscribe = open_window()
    other = transcribed(wildscribe, recording("other"), qtbot)
    view = transcribed(wildscribe, recording("talk"), qtbot)
    view.reveal(2.0)
    view.list.edit_current()
    editor = view.list.findChild(QPlainTextEdit)
    assert editor is not None
    qtbot.keyClicks(editor, "not finished")
    if leave == "close":
        wildscribe.close()
        view = reopened(open_window(), qtbot)
    else:
        wildscribe.presenter.open_document(other.presenter.model.document.id)
    assert texts(view)[1] == "not finished"


def test_the_slider_decides_again_and_decodes_only_what_changed(
    open_window: Opener, recording: Make, qtbot: QtBot
) -> None:
    view = transcribed(open_window(), recording("talk"), qtbot)
    (slider,) = (s for s in view.findChildren(QAbstractSlider) if s.accessibleName() == "Threshold")
    slider.setValue(300)
    assert list(view.presenter.model.pending.values()) == [Route.ROBUST]
    again = view.findChild(QPushButton, "decode")
    assert isinstance(again, QPushButton)
    qtbot.waitUntil(again.isVisible)
    assert again.text().startswith("Decode 1 changed segment again")
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: texts(view)[2] == "robust again 4")
    qtbot.waitUntil(lambda: not again.isVisible())


def test_the_other_route_is_tried_with_a_letter(
    open_window: Opener, recording: Make, qtbot: QtBot
) -> None:
    view = transcribed(open_window(), recording("talk"), qtbot)
    view.reveal(0.0)
    view.list.setFocus()
    qtbot.waitUntil(view.segment_actions.other.isEnabled)
    qtbot.keyClick(view.list, Qt.Key.Key_T)
    qtbot.waitUntil(lambda: texts(view)[0] == "robust again 0")
    labels = " ".join(label.text() for label in view.findChildren(QLabel) if label.isVisible())
    assert "You chose Robust" in labels
    assert "Base heard: base text 0" in labels


def test_a_click_on_the_time_listens(open_window: Opener, recording: Make, qtbot: QtBot) -> None:
    view = transcribed(open_window(), recording("talk"), qtbot)
    rect = view.list.visualRect(view.list.model().index(1, 0))
    with qtbot.waitSignal(view.list.delegate.listen) as listened:
        qtbot.mouseClick(
            view.list.viewport(),
            Qt.MouseButton.LeftButton,
            pos=QPoint(rect.left() + 40, rect.center().y()),
        )
    assert listened.args == [2.0]
    view.presenter.silence()


def test_segments_are_walked_over_what_is_no_speech(
    open_window: Opener, recording: Make, qtbot: QtBot
) -> None:
    view = transcribed(open_window(), recording("talk"), qtbot)
    view.reveal(0.0)
    for _ in range(2 * COUNT):
        view.list.step(forward=True)
    assert view.list.current is not None
    assert view.list.current.start_s == script()[-1].start_s
    view.list.step(forward=False)
    assert view.list.current.start_s == script()[-2].start_s


def test_a_missing_file_is_reported_and_nothing_is_listed(
    open_window: Opener, tmp_path: Path
) -> None:
    wildscribe = open_window()
    wildscribe.presenter.open_files([tmp_path / "gone.wav"])
    assert wildscribe.shell.banner.isVisible()
    assert not wildscribe.library.entries()


def test_a_full_disk_is_reported_from_the_saving_thread(open_window: Opener, qtbot: QtBot) -> None:
    wildscribe = open_window()
    wildscribe.presenter.storage_failed.emit(StorageError("The disk is full."))
    assert wildscribe.shell.banner.isVisible()


def test_an_error_that_nobody_foresaw_leaves_the_window_alive(
    open_window: Opener, capsys: pytest.CaptureFixture[str]
) -> None:
    wildscribe = open_window()
    error = ZeroDivisionError("nobody foresaw this")
    wildscribe.report_unforeseen(type(error), error, None)
    problem = wildscribe.shell.banner.problem
    assert problem is not None
    assert Remedy.RETRY not in problem.remedies
    assert "nobody foresaw this" in problem.report
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_everything_that_can_be_used_has_a_name(
    open_window: Opener, recording: Make, qtbot: QtBot
) -> None:
    wildscribe = open_window()
    view = transcribed(wildscribe, recording("talk"), qtbot)
    view.reveal(0.0)
    kinds = (QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox, QProgressBar)
    unnamed = [
        widget
        for widget in wildscribe.shell.findChildren(QWidget)
        if isinstance(widget, kinds)
        and not isinstance(widget, QScrollBar)
        and not widget.objectName().startswith("qt_")
        and widget.window() is wildscribe.shell
        and not widget.accessibleName()
        and not getattr(widget, "text", str)()
    ]
    assert unnamed == []
    rows = view.list.model()
    for row in range(rows.rowCount()):
        index = rows.index(row, 0)
        assert index.data(Qt.ItemDataRole.AccessibleTextRole)
    spoken = rows.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "0:00 to 0:02, Base, 5\N{NO-BREAK SPACE}% degraded: base text 0"
    assert rows.index(0, 0).data(Role.ROW) == script()[0]
