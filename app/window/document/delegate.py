"""How a row looks and is edited."""

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QPlainTextEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.window.document.chip import Chip
from app.window.document.layout import RowLayout
from app.window.document.rows import Role
from app.window.document.sentences import Sentences
from app.window.icons import icon
from app.window.theme import colours, sizes
from app.window.wording import clock, percent
from engine.transcript import DecidedBy, NonSpeech, Segment

_Index = QModelIndex | QPersistentModelIndex
SHORTEST_SAID_S = 1.0
_WRAP = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft


class SegmentDelegate(QStyledItemDelegate):
    """Paints time, chip, probability and text, and edits the text in place.

    Args:
        parent: the list view.
    """

    listen = Signal(float)
    """The time of a segment was clicked; its start, s."""
    edited = Signal(float, str)
    """The person finished a text: start of the segment, text."""

    def __init__(self, parent: QAbstractItemView) -> None:
        super().__init__(parent)
        self._view = parent
        self.threshold = 0.5
        self.playing_s: float | None = None
        self._sentences = Sentences()
        self._heights: dict[tuple[str, int], int] = {}

    def forget_sizes(self) -> None:
        """The font is another one: every height has to be measured again."""
        self._heights.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802
        """Height by text and width, measured once."""
        width = self._view.viewport().width()
        row = index.data(Role.ROW)
        if isinstance(row, NonSpeech):
            line = option.fontMetrics.height()
            return QSize(width, line + sizes().unit_px // 2 if _is_said(row) else 1)
        key = row.text, width
        if key not in self._heights:
            layout = RowLayout(QRect(0, 0, width, 0), option.fontMetrics, option.direction)
            self._heights[key] = layout.height(row.text)
        return QSize(width, self._heights[key])

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draws one row."""
        row = index.data(Role.ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(option.direction)
        layout = RowLayout(option.rect, option.fontMetrics, option.direction)
        if isinstance(row, NonSpeech):
            if _is_said(row):
                self._paint_pause(painter, option, layout, row)
        else:
            self._paint_segment(painter, option, layout, row, index)
        painter.restore()

    def createEditor(  # noqa: N802 - Qt's name
        self, parent: QWidget, option: QStyleOptionViewItem, index: _Index
    ) -> QWidget:
        """An editor that wraps like the row."""
        editor = QPlainTextEdit(parent)
        editor.setAccessibleName(self.tr("Text of the segment"))
        editor.setTabChangesFocus(True)
        return editor

    def setEditorData(self, editor: QWidget, index: _Index) -> None:  # noqa: N802 - Qt's name
        """Begins with the shown text, ready to be written over."""
        if isinstance(editor, QPlainTextEdit) and not editor.document().isModified():
            editor.setPlainText(index.data(Qt.ItemDataRole.EditRole))
            editor.selectAll()

    def setModelData(  # noqa: N802 - Qt's name
        self, editor: QWidget, model: QAbstractItemModel, index: _Index
    ) -> None:
        """Tells the presenter; the model changes only through it."""
        if isinstance(editor, QPlainTextEdit):
            text = " ".join(editor.toPlainText().split())
            self.edited.emit(index.data(Role.ROW).start_s, text)

    def updateEditorGeometry(  # noqa: N802 - Qt's name
        self, editor: QWidget, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        """Over the text, with room for the editor's own frame."""
        layout = RowLayout(option.rect, option.fontMetrics, option.direction)
        frame = sizes().unit_px // 2
        editor.setGeometry(layout.text.adjusted(-frame, -frame, frame, frame))

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Enter finishes the text."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.KeyPress
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and isinstance(editor, QWidget)
        ):
            self.commitData.emit(editor)
            self.closeEditor.emit(editor)
            return True
        return super().eventFilter(editor, event)

    def editorEvent(  # noqa: N802 - Qt's name
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: _Index,
    ) -> bool:
        """A click on the time plays the segment."""
        row = index.data(Role.ROW)
        if (
            isinstance(event, QMouseEvent)
            and event.type() is QEvent.Type.MouseButtonRelease
            and event.button() is Qt.MouseButton.LeftButton
            and isinstance(row, Segment)
        ):
            layout = RowLayout(option.rect, option.fontMetrics, option.direction)
            if layout.time.contains(event.position().toPoint()):
                self.listen.emit(row.start_s)
                return True
        return super().editorEvent(event, model, option, index)

    def _paint_segment(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        layout: RowLayout,
        row: Segment,
        index: _Index,
    ) -> None:
        c = colours()
        self._paint_ground(painter, option, row)
        playing = row.start_s == self.playing_s
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if playing or hovered:
            icon("stop" if playing else "play", "accent").paint(painter, layout.sign)
        painter.setFont(option.font)
        painter.setPen(QColor(c.accent if playing else c.muted))
        alignment = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
        painter.drawText(layout.clock, alignment, clock(row.start_s))

        pending = index.data(Role.PENDING)
        chip = Chip.of(row, pending)
        painter.setFont(layout.small_font(option.font))
        word = self._word(chip, row)
        width = painter.fontMetrics().horizontalAdvance(word)
        chip.paint(painter, QRectF(layout.chip(width)), word, c)
        self._paint_probability(painter, layout, row, chip)

        painter.setFont(option.font)
        painter.setPen(QColor(c.text if row.text and pending is None else c.muted))
        painter.drawText(layout.text, _WRAP, row.text or self.tr("(no words)"))

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, row: Segment) -> None:
        c, rect = colours(), option.rect
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(c.selected))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(c.hover))
        if state & QStyle.StateFlag.State_HasFocus or row.start_s == self.playing_s:
            bar = QRect(rect.left(), rect.top(), 3, rect.height())
            painter.fillRect(QStyle.visualRect(option.direction, rect, bar), QColor(c.accent))

    def _paint_probability(
        self, painter: QPainter, layout: RowLayout, row: Segment, chip: Chip
    ) -> None:
        """A bar from clean to degraded, a mark at the threshold, and the number."""
        c, probability = colours(), row.degraded_probability
        if probability is None:
            return
        bar, direction = layout.bar, painter.layoutDirection()
        filled = QRect(bar)
        filled.setWidth(max(bar.height(), round(bar.width() * probability)))
        painter.setPen(Qt.PenStyle.NoPen)
        for part, colour in (
            (bar, c.line),
            (QStyle.visualRect(direction, bar, filled), getattr(c, f"on_{chip.value}")),
        ):
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(part), bar.height() / 2, bar.height() / 2)
        mark = QRect(bar.left() + round(bar.width() * self.threshold) - 1, bar.top() - 2, 2, 0)
        mark.setBottom(bar.bottom() + 2)
        painter.fillRect(QStyle.visualRect(direction, bar, mark), QColor(c.text))
        painter.setPen(QColor(c.muted))
        alignment = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(layout.number, alignment, percent(probability))

    def _paint_pause(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        layout: RowLayout,
        row: NonSpeech,
    ) -> None:
        c = colours()
        painter.setFont(layout.small_font(option.font))
        painter.setPen(QColor(c.muted))
        alignment = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        words = self._sentences.pause(row)
        painter.drawText(layout.pause, alignment, words)
        rule = layout.pause_rule(painter.fontMetrics().horizontalAdvance(words))
        painter.fillRect(rule, QColor(c.line))

    def _word(self, chip: Chip, row: Segment) -> str:
        pinned = row.decided_by is DecidedBy.USER
        match chip:
            case Chip.PENDING:
                return self.tr("Pending")
            case Chip.SUSPECT:
                return self.tr("Suspect")
        route = self._sentences.route(row.route)
        return self.tr("{route}, yours").format(route=route) if pinned else route


def _is_said(pause: NonSpeech) -> bool:
    """Breaths between sentences are only a little room; longer ones are put into words."""
    return pause.end_s - pause.start_s >= SHORTEST_SAID_S
