"""What happens in the stage ``evaluate``, beside what happens in any."""

from dataclasses import dataclass
from typing import ClassVar

from training.finetune.events import Event


@dataclass(frozen=True, slots=True)
class Evaluated(Event):
    """The report is written.

    Attributes:
        stage: which stage.
        clips: that were compared.
        promoted: the verdict lets the adapter pass.
        headline: of the verdict, one sentence.
        reasons: of the verdict, in one text.
        report: the page for people.
    """

    kind: ClassVar[str] = "evaluated"
    stage: str
    clips: int
    promoted: bool
    headline: str
    reasons: str
    report: str
