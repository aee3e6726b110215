"""The error banner: what happened, what is safe, what you can do, and details to copy."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.window.icons import icon
from app.window.problem import Problem, Remedy
from app.window.theme import colours, sizes


class ErrorBanner(QFrame):
    """Shows one `Problem` above the content until it is dealt with. Hidden when there is none."""

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._problem: Problem | None = None
        self.setAutoFillBackground(True)
        self.setAccessibleName(self.tr("Problem"))
        self._sign = QLabel()
        self._what = QLabel(wordWrap=True)
        bold = self._what.font()
        bold.setBold(True)
        self._what.setFont(bold)
        self._advice = QLabel(wordWrap=True)
        self._buttons = {
            Remedy.RETRY: QPushButton(self.tr("Try again")),
            Remedy.RETRY_ON_CPU: QPushButton(self.tr("Try again on the CPU")),
        }
        for remedy, button in self._buttons.items():
            button.clicked.connect(lambda _=False, remedy=remedy: self._apply(remedy))
        self._copy = QPushButton(self.tr("Copy details"))
        self._copy.clicked.connect(self._copy_details)
        self._close = QPushButton(self.tr("Close"))
        self._close.clicked.connect(self.dismiss)
        self._arrange()
        self.hide()

    def show_problem(self, problem: Problem | None) -> None:
        """Takes the place of what was shown before; None takes it away."""
        if problem is self._problem:
            return
        self._problem = problem
        self.setVisible(problem is not None)
        if problem is None:
            return
        error = problem.error
        self._what.setText(error.what)
        self._advice.setText(" ".join(part for part in (error.safe, error.remedy) if part))
        self._advice.setVisible(bool(self._advice.text()))
        for remedy, button in self._buttons.items():
            button.setVisible(remedy in problem.remedies)
        self.setAccessibleDescription(str(error))
        self._dress()

    def dismiss(self) -> None:
        """The person has read it."""
        self.show_problem(None)
        self.dismissed.emit()

    @property
    def problem(self) -> Problem | None:
        """What is shown."""
        return self._problem

    def _arrange(self) -> None:
        unit = sizes().unit_px
        texts = QVBoxLayout()
        texts.setSpacing(unit // 2)
        texts.addWidget(self._what)
        texts.addWidget(self._advice)
        row = QHBoxLayout()
        for button in (*self._buttons.values(), self._copy, self._close):
            button.setAccessibleName(button.text())
            row.addWidget(button)
        row.addStretch()
        texts.addSpacing(unit // 2)
        texts.addLayout(row)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * unit, 3 * unit // 2, 2 * unit, 3 * unit // 2)
        layout.setSpacing(3 * unit // 2)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(texts, 1)

    def _dress(self) -> None:
        c = colours()
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, c.danger)
        palette.setColor(QPalette.ColorRole.WindowText, c.on_danger)
        self.setPalette(palette)
        self._sign.setPixmap(
            icon("warning", "on_danger").pixmap(QSize(24, 24), self.devicePixelRatio())
        )

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follows the colour scheme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.ApplicationPaletteChange:
            self._dress()

    def _apply(self, remedy: Remedy) -> None:
        problem = self._problem
        self.dismiss()
        if problem is not None:
            problem.remedies[remedy]()

    def _copy_details(self) -> None:
        if self._problem is not None:
            QGuiApplication.clipboard().setText(self._problem.report)
