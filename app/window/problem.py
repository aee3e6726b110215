"""An error together with what can be done about it here: what the banner shows."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.errors import WildscribeError


class Remedy(StrEnum):
    """A button on the banner."""

    RETRY = "retry"
    RETRY_ON_CPU = "retry_on_cpu"


@dataclass(frozen=True, slots=True)
class Problem:
    """What happened, what is safe, what the person can do; and details to copy.

    Attributes:
        error: carries the three sentences.
        remedies: what each button does.
        details: for developers.
    """

    error: WildscribeError
    remedies: Mapping[Remedy, Callable[[], None]] = field(default_factory=dict)
    details: str = ""

    @property
    def report(self) -> str:
        """Everything, as text to copy."""
        trace = "".join(traceback.format_exception(self.error)).strip()
        return "\n\n".join(part for part in (str(self.error), self.details, trace) if part)
