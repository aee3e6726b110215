"""What can go wrong while clips are simulated.

SimulationError
  CodecUnavailableError   this machine has no encoder or decoder for a codec
"""

from engine.errors import WildscribeError


class SimulationError(WildscribeError):
    """A clip, or a set of clips, cannot be made."""

    exit_code = 7


class CodecUnavailableError(SimulationError):
    """The installed audio libraries can't encode and decode a codec."""
