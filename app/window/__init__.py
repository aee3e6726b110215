"""The window."""

from app.window.main import main

__all__ = ["main"]
