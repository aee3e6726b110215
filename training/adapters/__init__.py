"""The adapter library: every adapter with its lineage, which of them is in use, and what it was.

Importing this needs no torch; what reads weights imports it on use.
"""

from training.adapters.entry import AdapterEntry
from training.adapters.errors import (
    AdapterError,
    ArchiveError,
    ForeignBaseError,
    ForeignReportError,
    MissingAdapterError,
    PromotionRefusedError,
)
from training.adapters.library import AdapterLibrary
from training.adapters.lineage import Lineage

__all__ = [
    "AdapterEntry",
    "AdapterError",
    "AdapterLibrary",
    "ArchiveError",
    "ForeignBaseError",
    "ForeignReportError",
    "Lineage",
    "MissingAdapterError",
    "PromotionRefusedError",
]
