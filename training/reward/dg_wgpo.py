"""The reward of a rollout, with all its parts."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from training.reward import terms
from training.reward.options import RewardOptions
from training.reward.tokens import tokens
from training.score.alignment import Alignment, align
from training.score.repetition import is_repetitive


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward and what it is made of, in the paper's names.

    Attributes:
        total: R, what training maximises; at most 1.
        wer: edits over the length of the reference; may exceed 1.
        r_wer: 1 - WER.
        r_rep: 0 for a loop, else 1.
        r_static: as it entered the total.
        r_fine: whether errors are near misses.
        r_struc: whether order and length are right.
        r_dyn: as it entered the total; 0 where both its parts are off.
        alignment: correct tokens, soft and hard errors.
    """

    total: float
    wer: float
    r_wer: float
    r_rep: float
    r_static: float
    r_fine: float
    r_struc: float
    r_dyn: float
    alignment: Alignment

    def parts(self) -> dict[str, float]:
        """Every number by name, for a log."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name != "alignment"
        }


DEFAULT = RewardOptions()


def rewards(
    reference: str, hypotheses: Sequence[str], options: RewardOptions = DEFAULT
) -> list[Reward]:
    """The rewards of all rollouts of one clip.

    Args:
        reference: what was said; empty for a clip without speech.
        hypotheses: the words that the model wrote, as it wrote them: parsing for display shortens
            loops, which R_rep has to see.
        options: weights and switches.
    """
    said = tokens(reference)
    return [reward(said, tokens(hypothesis), options) for hypothesis in hypotheses]


def reward(
    reference: Sequence[str], hypothesis: Sequence[str], options: RewardOptions = DEFAULT
) -> Reward:
    """The reward of one token sequence against its reference."""
    alignment = align(reference, hypothesis)
    wer = terms.word_error_rate(alignment)
    r_wer = terms.r_wer(wer)
    loops = is_repetitive(hypothesis, reference, ngram=options.ngram, limit=options.repeat_limit)
    r_rep = 0.0 if loops else 1.0
    r_static = terms.r_static(r_rep if options.repetition else 1.0, r_wer)
    r_fine = terms.r_fine(alignment, options.soft_weight)
    r_struc = terms.r_struc(hypothesis, reference)
    if options.fine or options.struc:
        r_dyn = terms.r_dyn(r_fine, r_struc, _fine_weight(wer, options))
        total = terms.combined(r_static, r_dyn, options.dynamic_weight)
    else:
        r_dyn, total = 0.0, r_static
    return Reward(total, wer, r_wer, r_rep, r_static, r_fine, r_struc, r_dyn, alignment)


def _fine_weight(wer: float, options: RewardOptions) -> float:
    if not (options.fine and options.struc):
        return 1.0 if options.fine else 0.0
    if not options.gate:
        return 0.5
    return terms.fine_weight(wer, options.gate_wer, options.leading_weight)
