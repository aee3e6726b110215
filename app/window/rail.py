"""The list of documents on the left."""

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPalette, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.library import Entry
from app.window.icons import icon
from app.window.theme import colours, sizes
from app.window.wording import clock

_Index = QModelIndex | QPersistentModelIndex
_ID = Qt.ItemDataRole.UserRole
_NOTES = Qt.ItemDataRole.UserRole + 1


class _EntryDelegate(QStyledItemDelegate):
    """Title, and below it in a quieter colour what else is known."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802
        return QSize(0, 2 * option.fontMetrics.height() + 2 * sizes().unit_px)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        c, unit = colours(), sizes().unit_px
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = option.rect.adjusted(unit, 1, -unit, -1)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.setPen(QColor(c.accent) if focused else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(c.selected if selected else c.hover))
        if selected or hovered or focused:
            painter.drawRoundedRect(ground, sizes().radius_px, sizes().radius_px)
        text = ground.adjusted(unit, unit - 2, -unit, 0)
        line = option.fontMetrics.height()
        for role, colour in ((Qt.ItemDataRole.DisplayRole, c.text), (_NOTES, c.muted)):
            painter.setPen(QColor(colour))
            words = index.data(role)
            short = option.fontMetrics.elidedText(words, Qt.TextElideMode.ElideRight, text.width())
            painter.drawText(text, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, short)
            text.translate(0, line)
        painter.restore()


class Rail(QWidget):
    """Documents, the newest first; chosen with a click or Enter."""

    chosen = Signal(str)
    open_asked = Signal()
    record_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = QStandardItemModel(self)
        self._list = QListView()
        self._list.setModel(self._model)
        self._list.setAccessibleName(self.tr("Documents"))
        self._list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._list.setFrameShape(QListView.Shape.NoFrame)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setItemDelegate(_EntryDelegate(self._list))
        self._list.setMouseTracking(True)
        self._list.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self._list.clicked.connect(self._choose)
        self._list.activated.connect(self._choose)
        self._arrange()

    def show_entries(self, entries: list[Entry], current: str | None) -> None:
        """Shows these documents, one of them as the open one."""
        for row, entry in enumerate(entries):
            item = self._model.item(row)
            if item is None:
                item = QStandardItem()
                self._model.appendRow(item)
            self._fill(item, entry)
        self._model.setRowCount(len(entries))
        self.mark(current)

    def mark(self, current: str | None) -> None:
        """Shows which document is open."""
        for row in range(self._model.rowCount()):
            index = self._model.index(row, 0)
            if index.data(_ID) == current:
                select = QItemSelectionModel.SelectionFlag.ClearAndSelect
                self._list.selectionModel().setCurrentIndex(index, select)
                return
        self._list.selectionModel().clear()

    def _fill(self, item: QStandardItem, entry: Entry) -> None:
        date = entry.created_at.astimezone().strftime("%x")
        length = clock(entry.duration_s) if entry.duration_s else ""
        state = "" if entry.complete else self.tr("unfinished")
        notes = " \N{MIDDLE DOT} ".join(filter(None, (date, length, state)))
        item.setText(entry.title)
        item.setData(notes, _NOTES)
        item.setToolTip(entry.title)
        item.setData(entry.id, _ID)
        item.setData(f"{entry.title}, {notes}", Qt.ItemDataRole.AccessibleTextRole)

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(index.data(_ID))

    def _arrange(self) -> None:
        unit = sizes().unit_px
        title = QLabel(self.tr("Documents"))
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        top = QHBoxLayout()
        top.setContentsMargins(2 * unit, 2 * unit, unit, unit)
        top.addWidget(title, 1)
        for text, sign, asked in (
            (self.tr("Open a recording"), "open", self.open_asked),
            (self.tr("Record"), "record", self.record_asked),
        ):
            button = QToolButton()
            button.setIcon(icon(sign))
            button.setIconSize(QSize(20, 20))
            button.setAutoRaise(True)
            button.setToolTip(text)
            button.setAccessibleName(text)
            button.clicked.connect(asked)
            top.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self._list, 1)
        self.setMinimumWidth(20 * unit)
