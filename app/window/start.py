"""What is shown while no document is open."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.window.icons import app_icon, icon
from app.window.theme import sizes

_SIGN_PX = 72


class StartView(QWidget):
    """An invitation: open, record, or try the sample."""

    open_asked = Signal()
    record_asked = Signal()
    sample_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        unit = sizes().unit_px
        self._sign = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        invitation = QLabel(self.tr("Drop audio or video here, or record"))
        invitation.setAlignment(Qt.AlignmentFlag.AlignCenter)
        font = invitation.font()
        font.setPointSizeF(1.6 * font.pointSizeF())
        font.setBold(True)
        invitation.setFont(font)
        promise = QLabel(
            self.tr(
                "It stays on this computer. Each stretch of speech is heard by the model that "
                "suits it: Base for clean sound, Robust for damaged sound."
            ),
            wordWrap=True,
            alignment=Qt.AlignmentFlag.AlignCenter,
        )
        buttons = QHBoxLayout()
        buttons.setSpacing(unit)
        buttons.addStretch()
        for text, sign, asked in (
            (self.tr("Open…"), "open", self.open_asked),
            (self.tr("Record"), "record", self.record_asked),
            (self.tr("Try the sample"), "sample", self.sample_asked),
        ):
            button = QPushButton(icon(sign), text)
            button.setAccessibleName(text)
            button.setIconSize(QSize(20, 20))
            button.setMinimumHeight(5 * unit)
            button.clicked.connect(asked)
            buttons.addWidget(button)
        buttons.addStretch()
        note = QLabel(
            self.tr(
                "The model that comes with Wildscribe is for demonstration: it understands "
                "synthetic English. For real speech, get Mega-ASR."
            ),
            wordWrap=True,
            alignment=Qt.AlignmentFlag.AlignCenter,
        )
        note.setEnabled(False)
        column = QWidget()
        column.setMaximumWidth(72 * unit)
        layout = QVBoxLayout(column)
        layout.setSpacing(2 * unit)
        layout.addStretch(3)
        layout.addWidget(self._sign)
        layout.addWidget(invitation)
        layout.addWidget(promise)
        layout.addSpacing(unit)
        layout.addLayout(buttons)
        layout.addStretch(3)
        layout.addWidget(note)
        layout.addStretch(1)
        middle = QHBoxLayout(self)
        middle.addStretch(1)
        middle.addWidget(column, 8)
        middle.addStretch(1)
        self._sign.setPixmap(app_icon().pixmap(QSize(_SIGN_PX, _SIGN_PX), self.devicePixelRatio()))
