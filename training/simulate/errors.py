"""What can go wrong while clips are simulated.

UnknownScenarioError      a name that is none of the 54 (a `UsageError`)
SimulationError
  CodecUnavailableError   this machine has no encoder or decoder for a codec
  MaterialError           a noise, or other people's speech, cannot be had
  SourceError             the clean clips, or one of them, cannot be used
  ManifestError           a line of a manifest makes no sense
  SetMismatchError        the folder holds a set that was made otherwise
  WorkerError             a process or a machine that made clips is gone
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


class SourceError(SimulationError):
    """A clean clip cannot be used, or there is none."""


class ManifestError(SimulationError):
    """A manifest, or a line of it, cannot be read."""


class SetMismatchError(SimulationError):
    """The folder holds another set, or something that is no set."""


class WorkerError(SimulationError):
    """A worker process ended on its own, or a cluster cannot be reached."""
