"""The route chip: colour, shape and word, so that no one of them has to be seen."""

from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.window.theme import Colours
from engine.transcript import Route, Segment

_EDGE_ALPHA = 0.3
"""A fine edge keeps the chip apart from the colour of the current row."""


class Chip(Enum):
    """What a chip can say."""

    BASE = "base"
    ROBUST = "robust"
    SUSPECT = "suspect"
    PENDING = "pending"

    @classmethod
    def of(cls, segment: Segment, pending: Route | None) -> "Chip":
        """The chip of a segment: what the person has to know first."""
        if pending is not None:
            return cls.PENDING
        if segment.flags:
            return cls.SUSPECT
        return cls.ROBUST if segment.route is Route.ROBUST else cls.BASE

    def paint(self, painter: QPainter, rect: QRectF, word: str, c: Colours) -> None:
        """Draws it; left to right inside ``rect``: shape, then word."""
        ink = QColor(getattr(c, f"on_{self.value}"))
        edge = QColor(ink)
        edge.setAlphaF(_EDGE_ALPHA)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(QColor(getattr(c, self.value)))
        outline = rect.adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(outline, outline.height() / 2, outline.height() / 2)
        size = 0.38 * rect.height()
        centre = QPointF(rect.left() + 0.6 * rect.height(), rect.center().y())
        self._paint_shape(painter, centre, size / 2, ink)
        painter.setPen(ink)
        painter.drawText(
            rect.adjusted(1.05 * rect.height(), 0, 0, 0),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            word,
        )

    def _paint_shape(self, painter: QPainter, centre: QPointF, r: float, ink: QColor) -> None:
        painter.setPen(QPen(ink, 0.32 * r + 0.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        x, y = centre.x(), centre.y()
        match self:
            case Chip.BASE:
                painter.drawEllipse(centre, r, r)
            case Chip.ROBUST:
                painter.setBrush(ink)
                corners = [(x, y - r), (x + r, y), (x, y + r), (x - r, y)]
                painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
            case Chip.SUSPECT:
                corners = [(x, y - r), (x + r, y + 0.8 * r), (x - r, y + 0.8 * r)]
                painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
            case Chip.PENDING:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(ink)
                for dx in (-r, 0.0, r):
                    painter.drawEllipse(QPointF(x + dx, y), 0.28 * r, 0.28 * r)
