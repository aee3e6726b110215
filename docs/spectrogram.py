"""A picture of a sound before and after: two spectrograms side by side, drawn with Qt."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, qRgb

RATE_HZ = 16_000
_FFT, _HOP = 512, 80
_FLOOR_DB = 80.0  # shown below the loudest point of the two
_PANEL = QRectF(0, 0, 420, 200)
_LEFT, _TOP, _GAP, _BOTTOM, _RIGHT = 52, 30, 44, 34, 20
_SCALE = 1.5  # pixels a point
_PAPER, _INK = QColor("#ffffff"), QColor("#2b2b33")
# Dark to light in steps that look equal, readable without colour.
_COLOURS = np.array(
    [[8, 8, 24], [58, 20, 96], [136, 34, 106], [212, 72, 66], [248, 150, 58], [252, 236, 160]]
)

Wave = NDArray[np.float32]


def level_db(wave: Wave) -> NDArray[np.float64]:
    """(frequencies, frames) power of 32 ms windows, dB, lowest frequency first."""
    padded = np.pad(np.asarray(wave, np.float64), _FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(_FFT), axis=1)).T ** 2
    return 10 * np.log10(power + 1e-10)


def _colour(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 3) red, green and blue, 0 to 255, of places from 0 to 1."""
    steps = np.linspace(0, 1, len(_COLOURS))
    return np.stack([np.interp(place, steps, _COLOURS[:, c]) for c in range(3)], axis=-1)


def _palette() -> list[int]:
    """The colours of a picture: of sound, and from ink to paper. A palette makes small files."""
    sound = _colour(np.linspace(0, 1, 216)).round().astype(int)
    share = np.linspace(0, 1, 40)[:, None]
    ink, paper = (np.array(colour.getRgb()[:3]) for colour in (_INK, _PAPER))
    grey = (ink + share * (paper - ink)).round().astype(int)
    return [qRgb(*map(int, colour)) for colour in np.concatenate([sound, grey])]


def _image(levels: NDArray[np.float64], top_db: float) -> QImage:
    place = np.clip((levels - top_db + _FLOOR_DB) / _FLOOR_DB, 0, 1)
    pixels = np.ascontiguousarray(_colour(place)[::-1].astype(np.uint8))
    height, width, _ = pixels.shape
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _panel(
    painter: QPainter, box: QRectF, title: str, image: QImage, length_s: float, *, axis: bool
) -> None:
    painter.drawImage(box, image)
    painter.setPen(_INK)
    painter.drawText(QPointF(box.left(), box.top() - 10), title)
    for khz in (0, 2, 4, 6, 8) if axis else ():
        y = box.bottom() - box.height() * khz / 8
        place = QRectF(0, y - 10, box.left() - 8, 20)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                         f"{khz} kHz" if khz else "0")  # fmt: skip
    for second in range(int(length_s) + 1):
        x = box.left() + box.width() * second / length_s
        place = QRectF(x - 20, box.bottom() + 6, 40, 20)
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, f"{second} s")


def draw(before: Wave, after: Wave, title: str, path: Path) -> None:
    """Writes the picture as PNG; both waves mono float32 at 16 kHz. Needs a QGuiApplication."""
    panels = [level_db(before), level_db(after)]
    top_db = max(float(panel.max()) for panel in panels)
    width = _LEFT + 2 * _PANEL.width() + _GAP + _RIGHT
    height = _TOP + _PANEL.height() + _BOTTOM
    picture = QImage(round(width * _SCALE), round(height * _SCALE), QImage.Format.Format_RGB32)
    picture.fill(_PAPER)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.scale(_SCALE, _SCALE)
    font = QFont("sans-serif")
    font.setPixelSize(13)
    painter.setFont(font)
    for number, (wave, panel, words) in enumerate(
        zip((before, after), panels, ("clean", title), strict=True)
    ):
        box = _PANEL.translated(_LEFT + number * (_PANEL.width() + _GAP), _TOP)
        length_s = len(wave) / RATE_HZ
        _panel(painter, box, words, _image(panel, top_db), length_s, axis=number == 0)
    painter.end()
    indexed = picture.convertToFormat(
        QImage.Format.Format_Indexed8, _palette(), Qt.ImageConversionFlag.ThresholdDither
    )
    indexed.save(str(path), "PNG")
