"""Background work that reads as one sentence."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Signal

from engine.errors import WildscribeError

T = TypeVar("T")

_at_work: set["Job[object]"] = set()


class Job(QObject, Generic[T]):
    """Work on a thread of its own; its end is told on the thread of the window::

        Job(lambda: write(transcript, path)).on_success(tell).on_failure(report).run()

    Args:
        work: must touch no widget; an error that is no `WildscribeError` is wrapped into one.
    """

    _over = Signal(object, object)

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__()
        self._work = work
        self._on_success: Callable[[T], object] = lambda _: None
        self._on_failure: Callable[[WildscribeError], object] = lambda _: None
        self._over.connect(self._tell)

    def on_success(self, listener: Callable[[T], object]) -> "Job[T]":
        """Called once with the result."""
        self._on_success = listener
        return self

    def on_failure(self, listener: Callable[[WildscribeError], object]) -> "Job[T]":
        """Called once instead of success."""
        self._on_failure = listener
        return self

    def run(self) -> None:
        """Begins; the job keeps itself alive until it has told its end."""
        _at_work.add(self)  # type: ignore[arg-type]
        threading.Thread(target=self._do, name="job", daemon=True).start()

    def _do(self) -> None:
        try:
            self._over.emit(self._work(), None)
        except WildscribeError as error:
            self._over.emit(None, error)
        except Exception as error:  # noqa: BLE001 - the window's outer boundary reports everything
            self._over.emit(None, unforeseen(error))

    def _tell(self, result: T, error: WildscribeError | None) -> None:
        _at_work.discard(self)
        if error is None:
            self._on_success(result)
        else:
            self._on_failure(error)


def unforeseen(error: BaseException) -> WildscribeError:
    """An error that nobody foresaw, in the form in which people see errors."""
    wrapped = WildscribeError(
        f"Something went wrong that nobody foresaw: {type(error).__name__}: {error}",
        "Your documents are saved.",
        "Try again; if it happens again, please report it with the details.",
    )
    wrapped.__cause__ = error
    return wrapped
