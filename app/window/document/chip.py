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
        """Draws it: shape, then word, in the direction in which people read."""
        ink = QColor(getattr(c, f"on_{self.value}"))
        edge = QColor(ink)
        edge.setAlphaF(_EDGE_ALPHA)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(QColor(getattr(c, self.value)))
        outline = rect.adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(outline, outline.height() / 2, outline.height() / 2)
        size = 0.38 * rect.height()
        from_edge, room = 0.6 * rect.height(), 1.05 * rect.height()
        mirrored = painter.layoutDirection() is Qt.LayoutDirection.RightToLeft
        x = rect.right() - from_edge if mirrored else rect.left() + from_edge
        self._paint_shape(painter, QPointF(x, rect.center().y()), size / 2, ink)
        painter.setPen(ink)
        place = rect.adjusted(0, 0, -room, 0) if mirrored else rect.adjusted(room, 0, 0, 0)
        # Qt turns left into right where people read from right to left.
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, word)

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
