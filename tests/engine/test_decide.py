"""Routing from stored probabilities."""

from dataclasses import replace

import pytest

from engine.decide import decide, redecide, redecide_all, reset
from engine.transcript import DecidedBy, Decoding, Flag, Route, RoutePolicy, Segment


def heard(probability: float, *routes: Route, by: DecidedBy = DecidedBy.ROUTER) -> Segment:
    """A segment with decodings by ``routes``, showing the first."""
    segment = Segment(0.0, 2.0, degraded_probability=probability)
    for route in routes:
        segment = segment.with_decoding(Decoding(route, f"by {route}", "English", 0.9))
    return segment.choosing(routes[0], by)


@pytest.mark.parametrize(
    ("probability", "threshold", "route"),
    [
        (0.5, 0.5, Route.ROBUST),
        (0.499, 0.5, Route.BASE),
        (0.0, 0.0, Route.ROBUST),
        (1.0, 1.0, Route.ROBUST),
    ],
)
def test_the_robust_route_starts_at_the_threshold(
    probability: float, threshold: float, route: Route
) -> None:
    assert decide(probability, RoutePolicy(threshold=threshold)) == (route, DecidedBy.ROUTER)


def test_a_forced_route_is_the_persons_and_ignores_the_probability() -> None:
    policy = RoutePolicy(forced=Route.BASE)
    assert decide(0.99, policy) == (Route.BASE, DecidedBy.USER)
    assert decide(None, policy) == (Route.BASE, DecidedBy.USER)


def test_without_a_router_the_base_route_is_the_default() -> None:
    assert decide(None, RoutePolicy()) == (Route.BASE, DecidedBy.DEFAULT)


def test_a_stored_decoding_is_shown_at_once() -> None:
    segment = heard(0.4, Route.BASE, Route.ROBUST)
    shown, pending = redecide(segment, RoutePolicy(threshold=0.3))
    assert (shown.route, shown.text, pending) == (Route.ROBUST, "by robust", None)


def test_what_was_never_decoded_waits_and_keeps_showing_the_old_text() -> None:
    segment = heard(0.4, Route.BASE)
    shown, pending = redecide(segment, RoutePolicy(threshold=0.3))
    assert shown == segment
    assert pending is Route.ROBUST


@pytest.mark.parametrize("by", [DecidedBy.USER, DecidedBy.GUARD])
def test_decisions_of_the_person_and_the_guard_stay(by: DecidedBy) -> None:
    segment = heard(0.9, Route.BASE, Route.ROBUST, by=by)
    assert redecide(segment, RoutePolicy(threshold=0.5)) == (segment, None)
    assert redecide(reset(segment), RoutePolicy(threshold=0.5))[0].route is Route.ROBUST


def test_only_what_changed_is_pending() -> None:
    segments = [heard(p, Route.BASE) for p in (0.1, 0.4, 0.45, 0.6)]
    shown, pending = redecide_all(segments, RoutePolicy(threshold=0.42))
    assert pending == {2: Route.ROBUST, 3: Route.ROBUST}
    assert shown == tuple(segments)


def test_an_edited_text_survives_every_decision() -> None:
    segment = heard(0.4, Route.BASE, Route.ROBUST).rewritten("what I said")
    shown, _ = redecide(segment, RoutePolicy(threshold=0.1))
    assert (shown.route, shown.text) == (Route.ROBUST, "what I said")


def test_one_decoding_a_route_is_stored_and_an_unknown_one_is_an_error() -> None:
    segment = heard(0.4, Route.BASE)
    again = segment.with_decoding(Decoding(Route.BASE, "anew", "English", 0.5, (Flag.TRUNCATED,)))
    assert [d.text for d in again.alternatives] == ["anew"]
    assert again.choosing(Route.BASE, DecidedBy.ROUTER).flags == (Flag.TRUNCATED,)
    with pytest.raises(KeyError):
        again.choosing(Route.ROBUST, DecidedBy.USER)


def test_a_threshold_outside_of_probability_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.2"):
        RoutePolicy(threshold=1.2)


def test_replace_keeps_segments_comparable() -> None:
    segment = heard(0.4, Route.BASE)
    assert replace(segment) == segment
