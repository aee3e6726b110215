"""Icons in the colour of the text around them, sharp at every scale."""

from functools import cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.paths import resources
from app.window.theme import colours


@cache
def icon(name: str, ink: str = "text") -> QIcon:
    """An icon of resources/icons.

    Args:
        name: of the file, without its ending.
        ink: which of the theme's colours; the scheme of the moment decides when it is drawn.
    """
    return QIcon(_Drawing(name, ink))


@cache
def app_icon() -> QIcon:
    """The application's own."""
    return QIcon(str(resources() / "icons" / "wildscribe.svg"))


class _Drawing(QIconEngine):
    """Draws an SVG whose strokes are ``currentColor``."""

    def __init__(self, name: str, ink: str) -> None:
        super().__init__()
        self._name = name
        self._ink = ink

    def clone(self) -> QIconEngine:
        return _Drawing(self._name, self._ink)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        disabled = mode is QIcon.Mode.Disabled
        colour = colours().muted if disabled else getattr(colours(), self._ink)
        painter.save()
        if disabled:
            painter.setOpacity(0.6)
        _svg(self._name, colour).render(painter, QRectF(rect))
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        with QPainter(pixmap) as painter:
            self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        return pixmap


@cache
def _svg(name: str, colour: str) -> QSvgRenderer:
    drawing = (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(drawing.replace("currentColor", colour).encode()))
