"""What the person does to a document, so that it can be undone."""

from PySide6.QtGui import QUndoCommand

from app.window.document.model import DocumentModel
from engine.transcript import Segment

_THRESHOLD_ID = 1


class Rewrite(QUndoCommand):
    """Replaces one segment by another with the same start."""

    def __init__(self, model: DocumentModel, label: str, before: Segment, after: Segment) -> None:
        super().__init__(label)
        self._model = model
        self._before = before
        self._after = after

    def redo(self) -> None:
        """Shows the new one."""
        self._model.rewrite([self._after])

    def undo(self) -> None:
        """Shows the old one."""
        self._model.rewrite([self._before])


class MoveThreshold(QUndoCommand):
    """Decides every route again; one drag of the slider is one step."""

    def __init__(self, model: DocumentModel, label: str, threshold: float) -> None:
        super().__init__(label)
        self._model = model
        self._before = model.threshold
        self._after = threshold

    def id(self) -> int:
        """Commands with the same number may become one."""
        return _THRESHOLD_ID

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802 - Qt's name
        """Takes a later move into this one."""
        if not isinstance(other, MoveThreshold) or other._model is not self._model:
            return False
        self._after = other._after
        self.setObsolete(self._after == self._before)
        return True

    def redo(self) -> None:
        """Takes the new threshold."""
        self._model.set_threshold(self._after)

    def undo(self) -> None:
        """Takes the old one back."""
        self._model.set_threshold(self._before)
