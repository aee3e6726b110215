"""Above the list: what the document is, how far it is, and the threshold."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.window.document.state import Activity, DocumentState
from app.window.icons import icon
from app.window.theme import sizes
from app.window.wording import clock, percent

_STEPS = 1000


class Header(QWidget):
    """Title, summary, progress and threshold; only says what the person did."""

    export_asked = Signal()
    continue_asked = Signal()
    cancel_asked = Signal()
    decode_asked = Signal()
    threshold_moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = QLabel()
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        font = self._title.font()
        font.setPointSizeF(1.5 * font.pointSizeF())
        font.setBold(True)
        self._title.setFont(font)
        self._summary = QLabel(wordWrap=True)
        self._continue = QPushButton()
        self._export = QPushButton(icon("export"), self.tr("Export…"))
        self._export.setAccessibleName(self.tr("Export the transcript"))
        self._progress = QProgressBar(textVisible=False)
        self._progress.setAccessibleName(self.tr("Audio that is done"))
        self._progress.setFixedHeight(sizes().unit_px)
        self._done = QLabel()
        self._cancel = QPushButton(self.tr("Cancel"))
        self._cancel.setAccessibleName(self.tr("Cancel"))
        self._threshold = QSlider(Qt.Orientation.Horizontal)
        self._threshold.setRange(0, _STEPS)
        self._threshold.setAccessibleName(self.tr("Threshold"))
        self._threshold.setPageStep(_STEPS // 20)
        self._threshold.setSingleStep(_STEPS // 100)
        self._threshold_value = QLabel()
        self._decode = QPushButton(icon("again"), "")
        self._decode.setObjectName("decode")
        self._connect()
        self._arrange()

    def show_state(self, state: DocumentState) -> None:
        """Shows the state."""
        self._title.setText(state.title)
        self._title.setToolTip(state.title)
        self._summary.setText(self._summary_of(state))
        busy = state.activity is not Activity.NONE
        self._export.setEnabled(state.segments > 0)
        self._continue.setVisible(not busy and not state.complete)
        text = self.tr("Continue") if state.heard_s > 0 else self.tr("Transcribe")
        self._continue.setText(text)
        self._continue.setAccessibleName(text)
        self._progress_row.setVisible(busy)
        if busy:
            self._render_progress(state)
        self._threshold_row.setVisible(state.segments > 0)
        self._render_threshold(state, busy)

    def _render_progress(self, state: DocumentState) -> None:
        known = state.total_s > 0 and state.activity is not Activity.WAITING
        self._progress.setRange(0, _STEPS if known else 0)
        if known:
            self._progress.setValue(round(_STEPS * min(1.0, state.done_s / state.total_s)))
        values = {"done": clock(state.done_s), "total": clock(state.total_s)}
        match state.activity:
            case Activity.STOPPING:
                text = self.tr("Stopping…")
            case Activity.WAITING:
                text = self.tr("Waiting for the engine…")
            case Activity.DECODING:
                text = self.tr("Hearing again: {done} of {total}").format(**values)
            case _ if known:
                text = self.tr("Heard {done} of {total}").format(**values)
            case _:
                text = self.tr("Heard {done}").format(**values)
        self._done.setText(text)
        self._cancel.setEnabled(state.activity is not Activity.STOPPING)

    def _render_threshold(self, state: DocumentState, busy: bool) -> None:
        if not self._threshold.isSliderDown():
            with QSignalBlocker(self._threshold):
                self._threshold.setValue(round(_STEPS * state.threshold))
        self._threshold_value.setText(percent(state.threshold))
        self._decode.setVisible(state.pending > 0)
        self._decode.setEnabled(not busy)
        text = self._decode_text(state)
        self._decode.setText(text)
        self._decode.setAccessibleName(text)

    def _decode_text(self, state: DocumentState) -> str:
        count, about_s = state.pending, state.pending_about_s
        if about_s is None:
            if count == 1:
                return self.tr("Decode 1 changed segment again")
            return self.tr("Decode {count} changed segments again").format(count=count)
        seconds = max(1, round(about_s))
        if count == 1:
            return self.tr("Decode 1 changed segment again (about {seconds} s)").format(
                seconds=seconds
            )
        return self.tr("Decode {count} changed segments again (about {seconds} s)").format(
            count=count, seconds=seconds
        )

    def _summary_of(self, state: DocumentState) -> str:
        parts = []
        if state.duration_s > 0:
            parts.append(self.tr("Length {clock}").format(clock=clock(state.duration_s)))
        if state.segments:
            share = percent(state.robust_share)
            parts.append(self.tr("{share} of speech went to Robust").format(share=share))
        elif state.complete:
            parts.append(self.tr("No speech was found"))
        if state.suspects == 1:
            parts.append(self.tr("1 suspect"))
        elif state.suspects:
            parts.append(self.tr("{count} suspects").format(count=state.suspects))
        if not state.complete and state.activity is Activity.NONE and state.heard_s > 0:
            parts.append(
                self.tr("unfinished: heard up to {clock}").format(clock=clock(state.heard_s))
            )
        sentences = [" \N{MIDDLE DOT} ".join(parts), *state.warnings]
        return "\n".join(filter(None, sentences))

    def _connect(self) -> None:
        self._export.clicked.connect(self.export_asked)
        self._continue.clicked.connect(self.continue_asked)
        self._cancel.clicked.connect(self.cancel_asked)
        self._decode.clicked.connect(self.decode_asked)
        self._threshold.valueChanged.connect(
            lambda value: self.threshold_moved.emit(value / _STEPS)
        )

    def _arrange(self) -> None:
        unit = sizes().unit_px
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * unit, 2 * unit, 2 * unit, unit)
        layout.setSpacing(unit)
        title = QHBoxLayout()
        title.addWidget(self._title, 1)
        title.addWidget(self._continue)
        title.addWidget(self._export)
        layout.addLayout(title)
        layout.addWidget(self._summary)
        self._progress_row = _row(unit, (self._progress, 1), (self._done, 0), (self._cancel, 0))
        layout.addWidget(self._progress_row)
        label = QLabel(self.tr("Robust from"))
        label.setBuddy(self._threshold)
        label.setToolTip(self.tr("Sound that is at least so degraded goes to the Robust route."))
        self._threshold.setToolTip(label.toolTip())
        self._threshold.setMinimumWidth(20 * unit)
        self._threshold.setMaximumWidth(40 * unit)
        self._threshold_row = _row(
            unit,
            (label, 0),
            (self._threshold, 1),
            (self._threshold_value, 0),
            (self._decode, 0),
            (QWidget(), 1),
        )
        layout.addWidget(self._threshold_row)


def _row(unit: int, *widgets: tuple[QWidget, int]) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(unit)
    for widget, stretch in widgets:
        layout.addWidget(widget, stretch)
    return row
