"""The recording screen."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.capture import InputDevice, Recording
from app.window.banner import ErrorBanner
from app.window.icons import icon
from app.window.problem import Problem
from app.window.record.meter import Meter
from app.window.record.presenter import RecordPresenter, RecordState
from app.window.theme import sizes
from app.window.wording import clock


class RecordView(QWidget):
    """Device, level, time, and one large button.

    Args:
        presenter: what the screen does.
        parent: owner.
    """

    def __init__(self, presenter: RecordPresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.presenter = presenter
        self._devices: tuple[InputDevice, ...] = ()
        self.banner = ErrorBanner()
        self._time = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        font = self._time.font()
        font.setPointSizeF(3.2 * font.pointSizeF())
        self._time.setFont(font)
        self._saved = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._meter = Meter()
        self._device = QComboBox()
        self._device.setAccessibleName(self.tr("Microphone"))
        self._refresh = QPushButton(icon("again"), self.tr("Look again"))
        self._refresh.setAccessibleName(self.tr("Look for microphones again"))
        self._button = QPushButton()
        self._button.setIconSize(QSize(20, 20))
        self._button.clicked.connect(self.toggle)
        self._refresh.clicked.connect(presenter.refresh)
        self._arrange()
        presenter.attach(self)

    def show_state(self, state: RecordState) -> None:
        """Shows the state; see `RecordShowing`."""
        if state.devices != self._devices:
            self._devices = state.devices
            self._device.clear()
            self._device.addItems([self._name_of(device) for device in state.devices])
        recording = state.recording
        self._device.setEnabled(recording is None and bool(state.devices))
        self._refresh.setEnabled(recording is None)
        self._button.setEnabled(bool(state.devices) or recording is not None)
        text = self.tr("Record") if recording is None else self.tr("Stop")
        self._button.setText(text)
        self._button.setAccessibleName(text)
        self._button.setIcon(icon("record" if recording is None else "stop"))
        self._time.setText(clock(recording.saved_s if recording else 0.0))
        self._saved.setText(self._saved_text(recording))
        self._meter.show_level(recording.level_db if recording else -60.0)

    def report(self, problem: Problem) -> None:
        """Shows an error."""
        self.banner.show_problem(problem)

    def toggle(self) -> None:
        """Starts or stops."""
        if self.presenter.recording:
            self.presenter.stop()
        elif self._devices:
            self.banner.show_problem(None)
            self.presenter.start(self._devices[self._device.currentIndex()])

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """One key press begins."""
        super().showEvent(event)
        self._button.setFocus()

    def _name_of(self, device: InputDevice) -> str:
        if device.is_default:
            return self.tr("{name} (the system's own choice)").format(name=device.name)
        return device.name

    def _saved_text(self, recording: Recording | None) -> str:
        if recording is None:
            return self.tr("The sound goes to disk first; the text follows when you stop.")
        text = self.tr("Saved on disk: {path}").format(path=recording.path)
        if recording.gaps:
            lost = self.tr("The computer was too slow {count} times; there are gaps.")
            text += "\n" + lost.format(count=recording.gaps)
        return text

    def _arrange(self) -> None:
        unit = sizes().unit_px
        devices = QHBoxLayout()
        devices.addWidget(self._device, 1)
        devices.addWidget(self._refresh)
        self._button.setMinimumSize(20 * unit, 6 * unit)
        column = QVBoxLayout()
        column.setSpacing(2 * unit)
        column.addStretch(2)
        column.addWidget(self._time)
        column.addWidget(self._meter)
        column.addLayout(devices)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._saved)
        column.addStretch(3)
        body = QWidget()
        body.setLayout(column)
        body.setMaximumWidth(64 * unit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.banner)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(body, 6)
        middle.addStretch(1)
        layout.addLayout(middle, 1)
