"""The list of documents on the left."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.library import Entry
from app.window.icons import icon
from app.window.theme import sizes
from app.window.wording import clock

_ID = Qt.ItemDataRole.UserRole


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
        self._list.setSpacing(1)
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
        item.setText(f"{entry.title}\n{notes}")
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
