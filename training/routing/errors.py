"""What can go wrong with a router's training, beyond what can go wrong with the clips."""

from engine.errors import WildscribeError


class RoutingError(WildscribeError):
    """No useful router comes from these clips."""
