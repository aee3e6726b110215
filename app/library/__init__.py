"""Documents on disk: nothing that a person made is ever lost."""

from app.library.autosave import Autosave
from app.library.document import Document
from app.library.library import Entry, Library

__all__ = ["Autosave", "Document", "Entry", "Library"]
