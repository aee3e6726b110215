"""The list of segments."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from app.window.document.delegate import SegmentDelegate
from app.window.document.rows import Role, SegmentRows
from engine.transcript import Segment

_BATCH = 200
"""Rows laid out at a time: a list of 20,000 appears at once."""


class SegmentList(QListView):
    """Rows of a document, one of them current.

    Args:
        rows: what to show.
        parent: owner.
    """

    current_changed = Signal()

    def __init__(self, rows: SegmentRows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self.delegate = SegmentDelegate(self)
        self.setItemDelegate(self.delegate)
        self.setModel(rows)
        self.setAccessibleName(self.tr("Segments"))
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(_BATCH)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setMouseTracking(True)
        self.selectionModel().currentChanged.connect(lambda *_: self.current_changed.emit())
        rows.dataChanged.connect(lambda *_: self.current_changed.emit())
        rows.modelReset.connect(self.current_changed)
        rows.rowsInserted.connect(self._begin)
        self._begin()

    @property
    def current(self) -> Segment | None:
        """The segment that actions are about."""
        row = self.currentIndex().data(Role.ROW)
        return row if isinstance(row, Segment) else None

    def reveal(self, start_s: float) -> None:
        """Makes a segment the current one and scrolls to it."""
        index = self._rows.row_at(start_s)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def step(self, forward: bool) -> None:
        """Makes the next or previous segment the current one, over what is no speech."""
        at = self.currentIndex().row()
        order = range(at + 1, self._rows.rowCount()) if forward else range(at - 1, -1, -1)
        for row in order:
            index = self._rows.index(row)
            if isinstance(index.data(Role.ROW), Segment):
                self.setCurrentIndex(index)
                return

    def with_current(self, action: Callable[[float], None]) -> None:
        """Does something with the current segment, if there is one."""
        if (segment := self.current) is not None:
            action(segment.start_s)

    def edit_current(self) -> None:
        """Opens the text of the current segment."""
        index: QModelIndex = self.currentIndex()
        if self.current is not None:
            self.setFocus()
            self.edit(index)

    def _begin(self) -> None:
        """There is a current segment as soon as there is a segment."""
        if not self.currentIndex().isValid():
            self.step(forward=True)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Another width, other heights."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Another font, other heights."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.delegate.forget_sizes()
            self.scheduleDelayedItemsLayout()
