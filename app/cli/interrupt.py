"""Ctrl-C that lets the work end cleanly."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from app.cli.console import Console


@contextmanager
def cancel_on_interrupt(console: Console) -> Iterator[threading.Event]:
    """Gives an event that the first Ctrl-C sets; the second one ends the process at once."""
    cancel = threading.Event()

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()
        console.note("\nStopping; what is finished is kept. Ctrl-C again to end at once.")

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)
