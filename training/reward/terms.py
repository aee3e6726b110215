"""The terms of the reward, each a pure function (Mega-ASR, section on DG-WGPO).

H and R are the tokens of hypothesis and reference. The paper says nothing about an empty reference,
which here is a clip without speech: silence is then right and gets every term's best value, and any
text is wrong. Where a length of the reference divides, it counts as one token at least.
"""

from collections.abc import Sequence

from rapidfuzz.distance import LCSseq

from training.score.alignment import Alignment

EPSILON = 1e-8


def word_error_rate(alignment: Alignment) -> float:
    """WER = edits / |R|, 0 or more. Without a reference: |H|."""
    return alignment.edits / max(alignment.reference_length, 1)


def r_wer(wer: float) -> float:
    """R_wer = 1 - WER, at most 1. Below 0, so worse than silence, where inventions prevail."""
    return 1.0 - wer


def r_static(r_rep: float, r_wer: float) -> float:
    """R_static = R_rep * R_wer."""
    return r_rep * r_wer


def r_fine(alignment: Alignment, soft_weight: float) -> float:
    """R_fine = n_correct / (n_correct + n_hard + a_s * n_soft + 1e-8), in [0, 1].

    Hard are insertions, deletions, and substitutions by a token that is not similar. Where both
    texts are empty: 1.
    """
    n_correct = alignment.correct
    n_hard = alignment.hard + alignment.insertions + alignment.deletions
    if not n_correct and not alignment.edits:
        return 1.0
    return n_correct / (n_correct + n_hard + soft_weight * alignment.soft + EPSILON)


def r_struc(hypothesis: Sequence[str], reference: Sequence[str]) -> float:
    """R_struc = LCS(H, R) / (2 |R|) + max(0, 1 - abs(|H| - |R|) / |R|) / 2, in [0, 1].

    LCS is the length of the longest common subsequence. Without a reference: 1 for silence, else 0.
    """
    if not reference:
        return 0.0 if hypothesis else 1.0
    common = LCSseq.similarity(hypothesis, reference) / len(reference)
    length = max(0.0, 1.0 - abs(len(hypothesis) - len(reference)) / len(reference))
    return 0.5 * common + 0.5 * length


def fine_weight(wer: float, gate_wer: float, leading_weight: float) -> float:
    """The gate: R_fine's weight in R_dyn, leading below tau and following from tau on."""
    return leading_weight if wer < gate_wer else 1.0 - leading_weight


def r_dyn(r_fine: float, r_struc: float, fine_weight: float) -> float:
    """R_dyn = w * R_fine + (1 - w) * R_struc."""
    return fine_weight * r_fine + (1.0 - fine_weight) * r_struc


def combined(r_static: float, r_dyn: float, dynamic_weight: float) -> float:
    """R = (1 - a_dyn) * R_static + a_dyn * R_dyn."""
    return (1.0 - dynamic_weight) * r_static + dynamic_weight * r_dyn
