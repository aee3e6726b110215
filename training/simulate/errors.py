"""What can go wrong while clips are simulated.

UnknownScenarioError    a name that is none of the 54 (a `UsageError`)
SimulationError
  CodecUnavailableError   this machine has no encoder or decoder for a codec
  MaterialError           a noise, or other people's speech, cannot be had
"""

from engine.errors import UsageError, WildscribeError


class SimulationError(WildscribeError):
    """A clip, or a set of clips, cannot be made."""

    exit_code = 7


class CodecUnavailableError(SimulationError):
    """The installed audio libraries can't encode and decode a codec."""


class MaterialError(SimulationError):
    """A sound that an effect asks for is not there, or its file is damaged."""


class UnknownScenarioError(UsageError):
    """There is no such scenario."""
