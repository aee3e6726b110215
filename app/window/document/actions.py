"""What can be done with the current segment: one action each, for menu, button and key."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QToolButton, QWidget

from app.window.icons import icon
from engine.transcript import DecidedBy, Route, Segment


class SegmentActions(QObject):
    """Actions of one document. Single letters work only while the list has the focus.

    Args:
        view: where the keys with Ctrl work.
        focused: the list, where single letters work.
    """

    def __init__(self, view: QWidget, focused: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self._focused = focused
        self.listen = self._action(self.tr("&Listen"), "Space", "play", letter=True)
        self.edit = self._action(self.tr("&Edit the text"), "F2", "edit", letter=True)
        self.other = self._action(self.tr("&Try the other route"), "T", "swap", letter=True)
        self.follow = self._action(self.tr("&Follow the router again"), "R", "router", letter=True)
        self.copy = self._action(self.tr("&Copy the text"), "Ctrl+C", letter=True)
        self.next = self._action(self.tr("&Next segment"), "Ctrl+Right")
        self.previous = self._action(self.tr("&Previous segment"), "Ctrl+Left")
        self.suspect = self._action(self.tr("Next &suspect"), "N", letter=True)
        self.all = [
            self.listen,
            self.edit,
            self.copy,
            self.separator(),
            self.other,
            self.follow,
            self.separator(),
            self.next,
            self.previous,
            self.suspect,
        ]
        self.show_for(None, None, busy=False, playing=False)

    def show_for(
        self, segment: Segment | None, pending: Route | None, *, busy: bool, playing: bool
    ) -> None:
        """Enables what makes sense for this segment."""
        there = segment is not None
        for action in (self.listen, self.edit, self.copy):
            action.setEnabled(there)
        self.listen.setText(self.tr("Stop &listening") if playing else self.tr("&Listen"))
        self.listen.setIcon(icon("stop" if playing else "play"))
        stored = segment is not None and segment.decoding(segment.route.other) is not None
        self.other.setEnabled(there and (stored or not busy))
        mine = segment is not None and segment.decided_by is DecidedBy.USER
        self.follow.setEnabled(mine)

    def separator(self) -> QAction:
        """A line in the menu."""
        line = QAction(self)
        line.setSeparator(True)
        return line

    def _action(
        self, text: str, key: str, sign: str | None = None, *, letter: bool = False
    ) -> QAction:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        if sign:
            action.setIcon(icon(sign))
        if letter:
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self._focused.addAction(action)
        else:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._view.addAction(action)
        return action


def button(action: QAction) -> QToolButton:
    """A button that does what the action does and says what it says."""
    made = QToolButton()
    made.setDefaultAction(action)
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def name() -> None:
        text = action.text().replace("&", "")
        made.setAccessibleName(text)
        key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        made.setToolTip(f"{text} ({key})" if key else text)

    action.changed.connect(name)
    name()
    return made
