"""What can go wrong with adapters.

AdapterError               the adapter cannot be used
  MissingAdapterError        no such adapter, or no version of it is in use
  ForeignBaseError           it was made for another base model
  ArchiveError               the file is no exported adapter, or a damaged one
  ForeignReportError         the report is about something else than what would be put to use
  PromotionRefusedError      nothing shows that it is better
"""

from engine.errors import ModelError


class AdapterError(ModelError):
    """The adapter cannot be used."""


class MissingAdapterError(AdapterError):
    """No such adapter, or no version of it is in use."""


class ForeignBaseError(AdapterError):
    """The adapter was made for another base model."""


class ArchiveError(AdapterError):
    """The file is no exported adapter, or a damaged one."""


class ForeignReportError(AdapterError):
    """The report is about something else than what would be put to use."""


class PromotionRefusedError(AdapterError):
    """Nothing shows that the adapter is better."""
