"""What could ship: the model's adapter as it is, and the best of the rows, behind either router.

The held-out clips choose, and nothing else. A threshold that was itself chosen on these clips would
flatter its router there, so for this comparison it is chosen anew on each half of them, and
counted on the other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from engine.checkpoint.folder import router_threshold
from training.adapters.fingerprint import adapter_sha256, file_sha256
from training.evaluate import EvaluationClip, Group
from training.proof.hear import probabilities_of, router_of, shipped_texts, texts_of
from training.proof.material import read_tests
from training.proof.plan import Plan, Row
from training.proof.results import AS_IT_IS, BEST, OWN_ROUTER, Contender
from training.proof.router import own_router
from training.proof.rows import adapter_folder
from training.proof.systems import percent, total
from training.routing.threshold import choose_threshold
from training.score import Bootstrap, ErrorCount, count_errors

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


def contenders(work: Path, plan: Plan, row: Row, seed: int) -> tuple[Contender, ...]:
    """All that could ship, the present state first.

    Args:
        work: folder of the proof; everything was heard, and both routers were asked.
        plan: of the proof.
        row: of the best adapter.
        seed: likewise.
    """
    shipped, its_texts = shipped_texts(work, plan)
    best, best_texts = adapter_sha256(adapter_folder(work, row, seed)), texts_of(work, row, seed)
    base, present = texts_of(work, Row.BASE, 0), router_of(plan)
    candidates = [
        (AS_IT_IS, shipped, its_texts, present),
        (BEST, best, best_texts, present),
        (OWN_ROUTER, best, best_texts, own_router(work, row, seed)),
    ]
    tests, held_out = read_tests(work)
    found = []
    for name, adapter, texts, router in candidates:
        if router is None:
            continue
        said = probabilities_of(work, router)
        threshold = router_threshold(router)
        on_tests = list(_routed(tests, base, texts, said))
        on_held_out = list(_routed(held_out, base, texts, said))
        clean = [one for one in on_tests if one.clip.group is Group.CLEAN]
        degraded = [one for one in on_tests if one.clip.group is Group.DEGRADED]
        fitted = router != present
        found.append(
            Contender(
                name=name,
                adapter=adapter,
                router=file_sha256(router),
                threshold=threshold,
                held_out_wer=_wer(
                    cross_fitted(on_held_out)
                    if fitted
                    else (one.errors(threshold) for one in on_held_out)
                ),
                clean_wer=_wer(one.errors(threshold) for one in clean),
                degraded_wer=_wer(one.errors(threshold) for one in degraded),
                clean_share=percent(fmean(one.probability >= threshold for one in clean)),
                degraded_share=percent(fmean(one.probability >= threshold for one in degraded)),
            )
        )
    return tuple(found)


def cross_fitted(clips: Sequence[RoutedClip]) -> list[ErrorCount]:
    """Errors behind a router whose threshold is chosen on one half of the clips and counted on the
    other, both ways. Clips of one sentence are in the same half."""
    sentences = sorted({one.clip.draw for one in clips})
    first = {sentence for number, sentence in enumerate(sentences) if number % 2 == 0}
    halves = (
        [one for one in clips if one.clip.draw in first],
        [one for one in clips if one.clip.draw not in first],
    )
    found = []
    for chosen_on, counted in (halves, halves[::-1]):
        choice = choose_threshold(
            [one.probability for one in chosen_on],
            [one.base for one in chosen_on],
            [one.robust for one in chosen_on],
            _NO_INTERVAL,
        )
        found += [one.errors(choice.threshold) for one in counted]
    return found


def _routed(
    clips: Iterable[EvaluationClip],
    base: Mapping[str, str],
    robust: Mapping[str, str],
    said: Mapping[str, float],
) -> Iterator[RoutedClip]:
    for clip in clips:
        yield RoutedClip(
            clip=clip,
            base=count_errors(clip.text, base[clip.id]),
            robust=count_errors(clip.text, robust[clip.id]),
            probability=said[clip.id],
        )


def _wer(errors: Iterable[ErrorCount]) -> float:
    return percent(total(errors).rate or 0.0)
