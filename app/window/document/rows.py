"""The rows of a document as Qt wants them: an adapter, nothing more."""

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.window.document.model import Change, DocumentModel, Row, RowsChanged, RowsInserted
from app.window.document.sentences import Sentences
from engine.transcript import Segment

_Index = QModelIndex | QPersistentModelIndex
_INVALID = QModelIndex()


class Role(IntEnum):
    """What can be asked beside Qt's own roles."""

    ROW = Qt.ItemDataRole.UserRole
    """The `Segment` or `NonSpeech` itself."""
    PENDING = Qt.ItemDataRole.UserRole + 1
    """The route that it waits for, or None."""


class SegmentRows(QAbstractListModel):
    """Shows a `DocumentModel` to a list view.

    Keeps the rows as they were last announced, so that Qt is told before they change.

    Args:
        model: what to show.
        parent: owner.
    """

    def __init__(self, model: DocumentModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._rows = model.rows
        self._sentences = Sentences()
        model.subscribe(self._follow)

    def rowCount(self, parent: _Index = _INVALID) -> int:  # noqa: N802 - Qt's name
        """Rows of the list; none below a row."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text for eyes and screen readers, and the row itself for the delegate."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        match role:
            case Role.ROW:
                return row
            case Role.PENDING:
                return self._model.pending.get(row.start_s)
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return row.text if isinstance(row, Segment) else self._sentences.pause(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._sentences.row(row, self._model.pending.get(row.start_s))
            case Qt.ItemDataRole.ToolTipRole if isinstance(row, Segment):
                pending = self._model.pending.get(row.start_s)
                return self._sentences.why(row, self._model.threshold, pending)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Only speech can be selected and edited."""
        if not index.isValid() or not isinstance(self._rows[index.row()], Segment):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    def row_at(self, start_s: float) -> QModelIndex:
        """The row that starts there; an invalid index when there is none."""
        at = next((i for i, row in enumerate(self._rows) if row.start_s == start_s), None)
        return QModelIndex() if at is None else self.index(at)

    def _follow(self, change: Change) -> None:
        rows: tuple[Row, ...] = self._model.rows
        match change:
            case RowsInserted(at):
                self.beginInsertRows(QModelIndex(), at, at)
                self._rows = rows
                self.endInsertRows()
            case RowsChanged(first, last):
                self._rows = rows
                self.dataChanged.emit(self.index(first), self.index(last))
            case _:
                self.beginResetModel()
                self._rows = rows
                self.endResetModel()
