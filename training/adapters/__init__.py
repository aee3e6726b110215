"""The adapter library: every adapter with its lineage, which of them is in use, and what it was.

Importing this needs no torch; what reads weights imports it on use.
"""

from training.adapters.errors import (
    AdapterError,
    ArchiveError,
    ForeignBaseError,
    MissingAdapterError,
    PromotionRefusedError,
)
from training.adapters.library import AdapterEntry, AdapterLibrary
from training.adapters.lineage import Lineage

__all__ = [
    "AdapterEntry",
    "AdapterError",
    "AdapterLibrary",
    "ArchiveError",
    "ForeignBaseError",
    "Lineage",
    "MissingAdapterError",
    "PromotionRefusedError",
]
