"""The constants of the reward, and which of its terms count."""

from dataclasses import dataclass, fields

from engine.errors import UsageError
from training.score.repetition import NGRAM, REPEAT_LIMIT


@dataclass(frozen=True, slots=True)
class RewardOptions:
    """The defaults are the paper's; the four switches are the rows of its ablation.

    A term that is switched off is still measured, so that logs of all runs can be compared; it no
    longer reaches the total. Weights are shared out anew, so that a perfect transcript has a
    reward of 1 whatever is off.

    Attributes:
        repetition: off: R_rep counts as 1, a loop is punished for its insertions alone.
        fine: off: R_dyn is R_struc.
        struc: off: R_dyn is R_fine. With both off there is no R_dyn, and R is R_static.
        gate: off: R_fine and R_struc weigh one half each, whatever the WER.
        soft_weight: a_s, what a soft error weighs in R_fine, where a hard one weighs 1.
        dynamic_weight: a_dyn, the weight of R_dyn in R.
        gate_wer: tau; below this WER R_fine leads, from it on R_struc.
        leading_weight: the weight of whichever of the two leads; the other has the rest.
        ngram: length of the n-grams of R_rep, in tokens. The paper leaves it open, and the next.
        repeat_limit: how often an n-gram may occur beyond the reference.
    """

    repetition: bool = True
    fine: bool = True
    struc: bool = True
    gate: bool = True
    soft_weight: float = 0.4
    dynamic_weight: float = 0.6
    gate_wer: float = 0.3
    leading_weight: float = 0.75
    ngram: int = NGRAM
    repeat_limit: int = REPEAT_LIMIT

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is float and not 0.0 <= value <= 1.0:
                raise UsageError(
                    f"The reward's {field.name} cannot be {value}.",
                    remedy="Choose a number from 0 to 1.",
                )
        if self.ngram < 1 or self.repeat_limit < 1:
            raise UsageError(
                f"The reward cannot count n-grams of {self.ngram} tokens beyond "
                f"{self.repeat_limit} times.",
                remedy="Choose 1 or more for ngram and repeat_limit.",
            )


WER_ONLY = RewardOptions(repetition=False, fine=False, struc=False)
"""R = 1 - WER: the row "DAPO with R_wer" of the ablation."""
