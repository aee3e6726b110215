"""A hairline between two parts of a screen."""

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.window.theme import colours


class Rule(QWidget):
    """As wide as its place, one pixel high."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(1)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draws the line."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours().line))
