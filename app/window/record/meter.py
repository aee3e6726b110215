"""The level of the microphone."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.capture.recorder import QUIETEST_DB
from app.window.theme import colours, sizes

_FALL_DB = 1.5
"""How far it falls at each report: peaks stay readable."""
_LOUD_DB = -3.0


class Meter(QWidget):
    """A bar from -60 dB to full scale; above -3 dB it warns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level_db = QUIETEST_DB
        self.setAccessibleName(self.tr("Level of the microphone"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_level(self, level_db: float) -> None:
        """Rises at once, falls slowly."""
        self._level_db = max(level_db, self._level_db - _FALL_DB, QUIETEST_DB)
        self.setAccessibleDescription(self.tr("{level} dB").format(level=round(self._level_db)))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A flat bar."""
        return QSize(40 * sizes().unit_px, sizes().unit_px)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draws the bar."""
        c = colours()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            bar = QRectF(self.rect())
            radius = bar.height() / 2
            painter.setBrush(QColor(c.line))
            painter.drawRoundedRect(bar, radius, radius)
            share = 1 - self._level_db / QUIETEST_DB
            if share > 0:
                bar.setWidth(max(bar.height(), bar.width() * share))
                loud = self._level_db > _LOUD_DB
                painter.setBrush(QColor(c.on_danger if loud else c.accent))
                painter.drawRoundedRect(bar, radius, radius)
