"""Hearing: audio in, routed transcript out.

The names below are the whole public surface. They are imported on first use, so that a process
which only handles plain data (the window) never loads torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.errors import WildscribeError as WildscribeError
    from engine.options import TranscribeOptions as TranscribeOptions
    from engine.transcriber import Transcriber as Transcriber
    from engine.transcript import Segment as Segment
    from engine.transcript import Transcript as Transcript

_HOME = {
    "Segment": "engine.transcript",
    "Transcript": "engine.transcript",
    "TranscribeOptions": "engine.options",
    "Transcriber": "engine.transcriber",
    "WildscribeError": "engine.errors",
}

__all__ = ["Segment", "TranscribeOptions", "Transcriber", "Transcript", "WildscribeError"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
