"""Below the list: why the current segment took its route, and what can be done about it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.window.document.actions import SegmentActions, button
from app.window.document.sentences import Sentences
from app.window.rule import Rule
from app.window.theme import sizes
from engine.transcript import Route, Segment


class Inspector(QFrame):
    """Shows one segment.

    Args:
        actions: what the buttons do.
        parent: owner.
    """

    def __init__(self, actions: SegmentActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentences = Sentences()
        self._title = QLabel(self.tr("Why this route?"))
        bold = self._title.font()
        bold.setBold(True)
        self._title.setFont(bold)
        self._why = QLabel(wordWrap=True)
        self._suspicion = QLabel(wordWrap=True)
        self._readings = QLabel(wordWrap=True)
        for label in (self._why, self._suspicion, self._readings):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._arrange(actions)
        self.show_segment(None, 0.5, None)

    def show_segment(
        self, segment: Segment | None, threshold: float, pending: Route | None
    ) -> None:
        """Shows a segment, or hides when there is none."""
        self.setVisible(segment is not None)
        if segment is None:
            return
        self._why.setText(self._sentences.why(segment, threshold, pending))
        self._suspicion.setText(self._sentences.suspicion(segment))
        self._suspicion.setVisible(bool(segment.flags))
        readings = [self._sentences.heard_reading(segment), self._sentences.other_reading(segment)]
        self._readings.setText("\n".join(filter(None, readings)))
        self._readings.setVisible(any(readings))

    def _arrange(self, actions: SegmentActions) -> None:
        unit = sizes().unit_px
        row = QHBoxLayout()
        row.setSpacing(unit)
        for action in (actions.listen, actions.other, actions.edit, actions.follow):
            row.addWidget(button(action))
        row.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(Rule())
        layout = QVBoxLayout()
        outer.addLayout(layout)
        layout.setContentsMargins(2 * unit, 3 * unit // 2, 2 * unit, 3 * unit // 2)
        layout.setSpacing(unit // 2)
        for label in (self._title, self._why, self._suspicion, self._readings):
            layout.addWidget(label)
        layout.addSpacing(unit // 2)
        layout.addLayout(row)
