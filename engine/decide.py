"""The routing decision, from stored probabilities. No torch: the window decides with it, too."""

from collections.abc import Sequence
from dataclasses import replace

from engine.transcript import DecidedBy, Route, RoutePolicy, Segment


def decide(degraded_probability: float | None, policy: RoutePolicy) -> tuple[Route, DecidedBy]:
    """The route of a segment, and who chose it.

    Mega-ASR, section 2 of the method: robust when the softmax probability of "degraded" is at or
    above the threshold.
    """
    if policy.forced is not None:
        return policy.forced, DecidedBy.USER
    if degraded_probability is None:
        return Route.BASE, DecidedBy.DEFAULT
    robust = degraded_probability >= policy.threshold
    return (Route.ROBUST if robust else Route.BASE), DecidedBy.ROUTER


def redecide(segment: Segment, policy: RoutePolicy) -> tuple[Segment, Route | None]:
    """Decides again under a new policy.

    What a person or the guard decided stays, and so does every stored decoding. Where the model
    left no choice, there is none now. A segment that stays as it is, is the same object.

    Returns:
        The segment as it can be shown now, and the route it must be decoded with before the new
        decision can be shown (None when nothing has to be decoded).
    """
    if segment.decided_by is not DecidedBy.ROUTER:
        return segment, None
    route, decided_by = decide(segment.degraded_probability, policy)
    if segment.decoding(route) is None:
        return segment, route
    if (route, decided_by) == (segment.route, segment.decided_by):
        return segment, None
    return segment.choosing(route, decided_by), None


def redecide_all(
    segments: Sequence[Segment], policy: RoutePolicy
) -> tuple[tuple[Segment, ...], dict[int, Route]]:
    """`redecide` for a whole document.

    Returns:
        The segments as they can be shown now, and for each index that must be decoded, the route.
    """
    shown = []
    pending: dict[int, Route] = {}
    for index, segment in enumerate(segments):
        segment, route = redecide(segment, policy)
        shown.append(segment)
        if route is not None:
            pending[index] = route
    return tuple(shown), pending


def reset(segment: Segment) -> Segment:
    """Forgets a person's or the guard's decision, so that `redecide` follows the router again."""
    by = DecidedBy.DEFAULT if segment.degraded_probability is None else DecidedBy.ROUTER
    return replace(segment, decided_by=by)
