"""May the new adapter be put to use? A decision as plain data, by a pure function.

Refusal is the default. An adapter passes only if

1. where it is meant to be better, it is: on at least one kind of clip it is meant for, the paired
   interval of the difference lies below zero, and on the others, if any were heard, below the
   stated limit; against the base and against the adapter in use, if there is one;
2. clean speech does not suffer: the whole interval of the difference from the base lies below the
   same limit.

Whatever cannot be shown, for want of clips or because the interval is too wide, is not shown.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from training.evaluate.clips import Group
from training.score import Bootstrap, Difference, ErrorCount, rate_difference


class Outcome(StrEnum):
    """What a comparison shows."""

    BETTER = "better"
    WORSE = "worse"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a promotion asks for.

    Attributes:
        meant_for: kinds of clips that the adapter is meant for.
        clean_regression: most that the rate on clean clips may rise over the base's, and that on
            clips it is meant for where it is not shown to be better, as a share: 0.005 is half a
            point.
        fewest: clips of a kind (copies of one clean clip count once) below which nothing is shown.
        bootstrap: how intervals are found.
    """

    meant_for: tuple[Group, ...] = (Group.DEGRADED, Group.OWN)
    clean_regression: float = 0.005
    fewest: int = 20
    bootstrap: Bootstrap = field(default_factory=Bootstrap)


@dataclass(frozen=True, slots=True)
class Scores:
    """Error counts of every system on the clips of one kind, clip by clip.

    Attributes:
        new: of the new adapter, as it would be used.
        others: "base", and perhaps "current" -> counts of the same clips in the same order.
        draws: what each clip is drawn with; see `EvaluationClip.draw`.
    """

    new: Sequence[ErrorCount]
    others: Mapping[str, Sequence[ErrorCount]]
    draws: Sequence[Hashable]


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison.

    Attributes:
        group: kind of clips.
        against: "base" or "current".
        clips: how many.
        new_rate: pooled error rate of the new adapter; None without a reference.
        other_rate: of what it is compared with.
        difference: new less other, paired; None where there is no interval.
        outcome: what it shows. On clean clips, "better" means: within the limit.
    """

    group: Group
    against: str
    clips: int
    new_rate: float | None
    other_rate: float | None
    difference: Difference | None
    outcome: Outcome

    def rises_at_most(self, limit: float) -> bool:
        """Whether the whole interval of the difference lies below a limit, as a share."""
        return self.difference is not None and self.difference.interval.high <= limit

    @property
    def sentence(self) -> str:
        """The figures, for people."""
        if self.new_rate is None or self.other_rate is None:
            return f"{self.group} clips against {self.against}: nothing to count."
        rates = f"{self.other_rate:.2%} ({self.against}) to {self.new_rate:.2%} (new)"
        if self.difference is None:
            return f"{self.group}: {rates} on {self.clips} clips, too few for an interval."
        found = self.difference.interval
        points = f"{100 * found.low:+.2f} to {100 * found.high:+.2f}"
        return (
            f"{self.group}: {rates}, {100 * found.estimate:+.2f} points, "
            f"{found.level:.0%} interval {points}, on {self.clips} clips."
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data; rates as shares, the difference in points."""
        return {
            "group": self.group.value,
            "against": self.against,
            "clips": self.clips,
            "new_rate": self.new_rate,
            "other_rate": self.other_rate,
            "difference": None if self.difference is None else self.difference.to_json(),
            "outcome": self.outcome.value,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the adapter may be put to use, and why.

    Attributes:
        outcome: better: it may; worse: something is shown to be worse; not shown: neither.
        headline: one sentence.
        findings: the comparisons it rests on.
        reasons: sentences; what is against it, or, if it passes, what is for it.
    """

    outcome: Outcome
    headline: str
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]

    @property
    def promoted(self) -> bool:
        """It may be put to use."""
        return self.outcome is Outcome.BETTER

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "promoted": self.promoted,
            "outcome": self.outcome.value,
            "headline": self.headline,
            "reasons": list(self.reasons),
            "findings": [finding.to_json() for finding in self.findings],
        }


_HEADLINES = {
    Outcome.BETTER: "The new adapter is better where it is meant to be, and clean speech is safe.",
    Outcome.WORSE: "The new adapter is worse; it is not promoted.",
    Outcome.NOT_SHOWN: "The new adapter is not shown to be better; it is not promoted.",
}


def judge(scores: Mapping[Group, Scores], limits: Limits) -> Verdict:
    """Decides from error counts.

    Args:
        scores: of each kind of clips that was heard.
        limits: what is asked for.
    """
    against_it: list[tuple[Outcome, str]] = []
    findings: list[Finding] = []
    limit = f"limit +{100 * limits.clean_regression:.2f} points"
    meant = [g for g in limits.meant_for if g in scores and scores[g].new]
    if not meant:
        kinds = " or ".join(limits.meant_for)
        against_it.append(
            (Outcome.NOT_SHOWN, f"No {kinds} clips were heard; it is meant for them.")
        )
    others = dict.fromkeys(name for group in meant for name in scores[group].others)
    for other in others:
        found = [_compared(group, other, scores[group], limits) for group in meant]
        findings += found
        worse = [f for f in found if f.outcome is Outcome.WORSE]
        against_it += [(Outcome.WORSE, f"Worse than {other}. {f.sentence}") for f in worse]
        open_ones = [f for f in found if f.outcome is Outcome.NOT_SHOWN]
        if open_ones == found:
            shown = " ".join(f.sentence for f in found)
            against_it.append((Outcome.NOT_SHOWN, f"Not shown to be better than {other}. {shown}"))
        elif not worse:
            against_it += [
                (Outcome.NOT_SHOWN, f"Perhaps worse than {other} ({limit}). {f.sentence}")
                for f in open_ones
                if not f.rises_at_most(limits.clean_regression)
            ]
    clean = scores.get(Group.CLEAN)
    if clean is None or not clean.new:
        against_it.append(
            (Outcome.NOT_SHOWN, "No clean clips were heard: harm cannot be ruled out.")
        )
    else:
        finding = _clean(clean, limits)
        findings.append(finding)
        if finding.outcome is Outcome.WORSE:
            against_it.append(
                (Outcome.WORSE, f"Clean speech suffers ({limit}). {finding.sentence}")
            )
        elif finding.outcome is Outcome.NOT_SHOWN:
            words = f"Clean speech is not shown to be safe ({limit}). {finding.sentence}"
            against_it.append((Outcome.NOT_SHOWN, words))
    outcome = _worst([outcome for outcome, _ in against_it])
    reasons = [words for _, words in against_it] or [finding.sentence for finding in findings]
    return Verdict(outcome, _HEADLINES[outcome], tuple(findings), tuple(reasons))


def _worst(outcomes: Sequence[Outcome]) -> Outcome:
    if Outcome.WORSE in outcomes:
        return Outcome.WORSE
    return Outcome.NOT_SHOWN if outcomes else Outcome.BETTER


def _compared(group: Group, other: str, scores: Scores, limits: Limits) -> Finding:
    difference = _difference(other, scores, limits)
    outcome = Outcome.NOT_SHOWN
    if difference is not None and difference.interval.high < 0.0:
        outcome = Outcome.BETTER
    elif difference is not None and difference.interval.low > 0.0:
        outcome = Outcome.WORSE
    return _finding(group, other, scores, difference, outcome)


def _clean(scores: Scores, limits: Limits) -> Finding:
    difference = _difference("base", scores, limits)
    outcome = Outcome.NOT_SHOWN
    if difference is not None and difference.interval.high <= limits.clean_regression:
        outcome = Outcome.BETTER
    elif difference is not None and difference.interval.low > limits.clean_regression:
        outcome = Outcome.WORSE
    return _finding(Group.CLEAN, "base", scores, difference, outcome)


def _difference(other: str, scores: Scores, limits: Limits) -> Difference | None:
    if len(set(scores.draws)) < limits.fewest:
        return None
    return rate_difference(scores.new, scores.others[other], limits.bootstrap, scores.draws)


def _finding(
    group: Group, other: str, scores: Scores, difference: Difference | None, outcome: Outcome
) -> Finding:
    new, old = (sum(counts, start=ErrorCount()) for counts in (scores.new, scores.others[other]))
    return Finding(group, other, len(scores.new), new.rate, old.rate, difference, outcome)
