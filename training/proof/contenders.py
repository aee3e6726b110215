"""What could ship: every finalist behind the router that mini has, and behind one of its own.

The held-out clips decide, by the same verdict as over anybody's adapter: shown to be better than
what ships on degraded clips, and no harm done to clean ones. A threshold that was itself chosen on
these clips would flatter its router there, so for this comparison it is chosen anew on each half of
them, and counted on the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from engine.checkpoint.folder import router_threshold
from training.adapters.fingerprint import adapter_sha256, file_sha256
from training.evaluate import EvaluationClip, Group, Limits, Verdict, judge
from training.evaluate.verdict import Scores
from training.proof.finalists import Finalist, own_router
from training.proof.hear import probabilities_of, router_of, texts_of, texts_with
from training.proof.material import Trials, read_trials
from training.proof.plan import Plan, Row
from training.proof.results import Contender
from training.proof.systems import percent, total
from training.routing.threshold import choose_threshold
from training.score import Bootstrap, ErrorCount, count_errors

LIMITS = Limits(meant_for=(Group.DEGRADED,))

MOST_CLEAN = 0.05
"""Of the clean sentences, share that may go to the adapter. A router that learnt where an adapter
helps sends more of them there where that does no harm; but mini is to show what people expect, that
clean speech is left to the base."""

_NO_INTERVAL = Bootstrap(resamples=1)


@dataclass(frozen=True, slots=True)
class RoutedClip:
    """A clip, the errors of either route, and the router's word.

    Attributes:
        clip: that was heard.
        base: errors of the base.
        robust: errors of the adapter.
        probability: by the router, in [0, 1].
    """

    clip: EvaluationClip
    base: ErrorCount
    robust: ErrorCount
    probability: float

    def errors(self, threshold: float) -> ErrorCount:
        """Behind the router."""
        return self.robust if self.probability >= threshold else self.base


@dataclass(frozen=True, slots=True)
class Candidate:
    """An adapter and a router, and what came of them on all clips.

    Attributes:
        adapter: SHA-256.
        router: its file.
        fitted: the router's threshold comes from the held-out clips.
        texts: clip -> what the adapter heard.
        base: clip -> what the base heard.
        said: clip -> probability by the router.
    """

    adapter: str
    router: Path
    fitted: bool
    texts: Mapping[str, str]
    base: Mapping[str, str]
    said: Mapping[str, float]

    @property
    def threshold(self) -> float:
        """That it is used with."""
        return router_threshold(self.router)

    def routed(self, clips: Iterable[EvaluationClip]) -> list[RoutedClip]:
        """Some clips, in their order."""
        return [
            RoutedClip(
                clip=clip,
                base=count_errors(clip.text, self.base[clip.id]),
                robust=count_errors(clip.text, self.texts[clip.id]),
                probability=self.said[clip.id],
            )
            for clip in clips
        ]

    def errors(self, clips: Iterable[EvaluationClip]) -> list[ErrorCount]:
        """Of clips that the threshold was not chosen on."""
        return [one.errors(self.threshold) for one in self.routed(clips)]

    def share(self, clips: Sequence[EvaluationClip]) -> float:
        """Of the clips, those that go to the adapter."""
        return fmean(self.said[clip.id] >= self.threshold for clip in clips)

    def held_out_errors(self, clips: Iterable[EvaluationClip]) -> list[ErrorCount]:
        """Of the clips that it may have been chosen on."""
        return cross_fitted(self.routed(clips)) if self.fitted else self.errors(clips)


def contenders(work: Path, plan: Plan, finalists: Sequence[Finalist]) -> tuple[Contender, ...]:
    """All that could ship, the present state first.

    Args:
        work: folder of the proof; everything was heard, and all routers were asked.
        plan: of the proof.
        finalists: the one that the model has first.
    """
    present = finalists[0]
    router, base = router_of(plan), texts_of(work, Row.BASE, 0)
    found: dict[tuple[Finalist, bool], Candidate] = {}
    for finalist in finalists:
        adapter = finalist.adapter(work, plan)
        texts = texts_with(work, finalist.key, adapter)
        for own, path in ((False, router), (True, own_router(work, finalist))):
            if path is not None:
                said = probabilities_of(work, path)
                by = adapter_sha256(adapter)
                found[finalist, own] = Candidate(by, path, own, texts, base, said)
    trials, now = read_trials(work), found[present, False]
    return tuple(
        _measured(finalist.name, own, one, now, trials) for (finalist, own), one in found.items()
    )


def cross_fitted(clips: Sequence[RoutedClip]) -> list[ErrorCount]:
    """Errors behind a router whose threshold is chosen on one half of the clips and counted on the
    other, both ways; in the order of the clips. Clips of one sentence are in the same half."""
    sentences = sorted({one.clip.draw for one in clips})
    half = {sentence: number % 2 for number, sentence in enumerate(sentences)}
    thresholds = []
    for counted in (0, 1):
        chosen_on = [one for one in clips if half[one.clip.draw] != counted]
        choice = choose_threshold(
            [one.probability for one in chosen_on],
            [one.base for one in chosen_on],
            [one.robust for one in chosen_on],
            _NO_INTERVAL,
        )
        thresholds.append(choice.threshold)
    return [one.errors(thresholds[half[one.clip.draw]]) for one in clips]


def _measured(
    adapter: str, own_router: bool, one: Candidate, present: Candidate, trials: Trials
) -> Contender:
    passes, words = (True, "") if one is present else judged(one, present, trials)
    clean = [clip for clip in trials.tests if clip.group is Group.CLEAN]
    degraded = [clip for clip in trials.tests if clip.group is Group.DEGRADED]

    return Contender(
        adapter=adapter,
        own_router=own_router,
        adapter_sha256=one.adapter,
        router_sha256=file_sha256(one.router),
        threshold=one.threshold,
        passes=passes,
        verdict=words,
        held_out_wer=_wer(one.held_out_errors(trials.held_out)),
        clean_wer=_wer(one.errors(clean)),
        degraded_wer=_wer(one.errors(degraded)),
        clean_share=percent(one.share(clean)),
        degraded_share=percent(one.share(degraded)),
    )


def judged(one: Candidate, present: Candidate, trials: Trials) -> tuple[bool, str]:
    """Whether it may ship, and why.

    Args:
        one: that could.
        present: what ships now.
        trials: all clips, heard by both.
    """
    verdict = _verdict(one, present, trials)
    passes, words = verdict.promoted, " ".join((verdict.headline, *verdict.reasons))
    if (share := one.share(trials.unharmed)) <= MOST_CLEAN:
        return passes, words
    return False, (
        f"{words} But it does not ship: {share:.1%} of the clean sentences go to the adapter, and "
        f"mini is to leave clean speech to the base ({MOST_CLEAN:.0%} at most)."
    )


def _verdict(one: Candidate, present: Candidate, trials: Trials) -> Verdict:
    """On held-out clips that are degraded, and on clean ones that nothing is made of."""
    clips, new = trials.held_out, one.held_out_errors(trials.held_out)
    base, current = [routed.base for routed in one.routed(clips)], present.errors(clips)
    chosen = [at for at, clip in enumerate(clips) if clip.group is Group.DEGRADED]
    clean = one.routed(trials.unharmed)
    return judge(
        {
            Group.DEGRADED: Scores(
                new=[new[at] for at in chosen],
                others={
                    "base": [base[at] for at in chosen],
                    "current": [current[at] for at in chosen],
                },
                draws=[clips[at].draw for at in chosen],
            ),
            Group.CLEAN: Scores(
                new=[routed.errors(one.threshold) for routed in clean],
                others={"base": [routed.base for routed in clean]},
                draws=[routed.clip.draw for routed in clean],
            ),
        },
        LIMITS,
    )


def _wer(errors: Iterable[ErrorCount]) -> float:
    return percent(total(errors).rate or 0.0)
