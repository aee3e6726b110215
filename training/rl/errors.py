"""What can go wrong with reinforcement learning, beyond what can go wrong with any run."""

from engine.errors import WildscribeError


class MissingTrlError(WildscribeError):
    """TRL is absent, or of a version whose inner workings are not known here."""
