"""Where the parts of a row are."""

from functools import cached_property

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QStyle

from app.window.theme import sizes

_SMALL = 0.88
_LONGEST_TIME = "00:00:00"
_CHIP_EMS = 9.0
_WRAP = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft


class RowLayout:
    """Rectangles of one row, mirrored where people read from right to left.

    Args:
        rect: of the row.
        metrics: of the font of the text.
        direction: in which people read.
    """

    def __init__(self, rect: QRect, metrics: QFontMetrics, direction: Qt.LayoutDirection) -> None:
        self._rect = rect
        self._metrics = metrics
        self._direction = direction
        self._unit = sizes().unit_px
        self._line = metrics.height()

    def small_font(self, font: QFont) -> QFont:
        """For chips and numbers."""
        small = QFont(font)
        small.setPointSizeF(_SMALL * font.pointSizeF())
        return small

    def height(self, text: str) -> int:
        """Of a row with this text."""
        wrapped = self._metrics.boundingRect(
            0, 0, max(1, self._text_width), 1_000_000, _WRAP, text or " "
        )
        return max(wrapped.height(), self._chip_height + self._unit) + 2 * self._top

    @property
    def time(self) -> QRect:
        """What is clicked to hear the segment: sign and clock."""
        return self._placed(0, 0, self._chip_left - self._unit // 2, self._rect.height())

    @property
    def sign(self) -> QRect:
        """Play or stop."""
        return self._placed(self._unit, self._top, self._line, self._line)

    @property
    def clock(self) -> QRect:
        """The time."""
        left = self._unit + self._line
        return self._placed(left, self._top, self._clock_width, self._line)

    def chip(self, word: int) -> QRect:
        """The route, around a word so many pixels wide."""
        room = self._chip_width - self._number_width
        width = min(room, word + round(1.6 * self._chip_height))
        return self._placed(self._chip_left, self._top - 1, width, self._chip_height)

    @property
    def number(self) -> QRect:
        """The probability as a number, at the end of the chip's line."""
        left = self._chip_left + self._chip_width - self._number_width
        return self._placed(left, self._top - 1, self._number_width, self._chip_height)

    @property
    def bar(self) -> QRect:
        """The probability as a bar, below both."""
        top = self._top + self._chip_height + self._unit // 2
        return self._placed(self._chip_left, top, self._chip_width, self._unit // 2)

    @property
    def text(self) -> QRect:
        """What was said."""
        height = self._rect.height() - 2 * self._top
        return self._placed(self._text_left, self._top, self._text_width, height)

    @property
    def pause(self) -> QRect:
        """What is said of a stretch without speech."""
        return self._placed(self._text_left, 0, self._text_width, self._rect.height())

    def pause_rule(self, words: int) -> QRect:
        """The line behind these words, that many pixels wide."""
        left = self._text_left + words + self._unit
        width = self._rect.width() - left - 2 * self._unit
        return self._placed(left, self._rect.height() // 2, max(0, width), 1)

    @property
    def _top(self) -> int:
        return self._unit

    @cached_property
    def _clock_width(self) -> int:
        return self._metrics.horizontalAdvance(_LONGEST_TIME)

    @cached_property
    def _number_width(self) -> int:
        return self._metrics.horizontalAdvance("100 %")

    @property
    def _chip_left(self) -> int:
        return self._unit + self._line + self._clock_width + 2 * self._unit

    @property
    def _chip_width(self) -> int:
        return round(_CHIP_EMS * self._line)

    @property
    def _chip_height(self) -> int:
        return self._line + 2

    @property
    def _text_left(self) -> int:
        return self._chip_left + self._chip_width + 2 * self._unit

    @property
    def _text_width(self) -> int:
        return self._rect.width() - self._text_left - 2 * self._unit

    def _placed(self, left: int, top: int, width: int, height: int) -> QRect:
        rect = self._rect
        return QStyle.visualRect(
            self._direction, rect, QRect(rect.left() + left, rect.top() + top, width, height)
        )
