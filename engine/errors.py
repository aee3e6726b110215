"""Everything that can go wrong, as one tree.

    WildscribeError
      AudioError             the recording
        MissingAudioError        no such file
        EmptyAudioError          no audio stream, or zero samples
        UnsupportedAudioError    no decoder knows the format
        EncryptedAudioError      protected by DRM
        TruncatedAudioError      cut off so that nothing can be read
        CorruptAudioError        damaged so that nothing can be read
        InvalidAudioError        samples that are no sound: NaN, wrong shape or dtype
      ModelError             the weights
        MissingModelError        no such model, or a part of it is absent
        LayoutError              neither the native nor the original layout
        KeyMismatchError         missing or unexpected tensors
        PickleRefusedError       a pickle, which could run code
        HashMismatchError        a file is not what the catalogue says
      EngineError            the machine
        DeviceError              the asked-for device cannot be used
        OutOfMemoryError         even one segment does not fit
        CancelledError           the person stopped it
        ProtocolError            the other end of the pipe speaks another version, or nonsense
        EngineDiedError          the engine process ended on its own
      StorageError           disk full, no permission, a damaged library
        TranscriptFormatError    a file that is no transcript, or of a version not known here
      UsageError             an option that makes no sense

Each error says three things, and whoever shows it shows all three: what happened, what is safe,
and what the person can do.
"""

from pathlib import Path
from typing import ClassVar


class WildscribeError(Exception):
    """Base of all errors that people see.

    Args:
        what: what happened, one sentence.
        safe: what is not lost, one sentence; may be empty.
        remedy: what the person can do, one sentence; may be empty.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, safe: str = "", remedy: str = "") -> None:
        super().__init__(what, safe, remedy)
        self.what = what
        self.safe = safe
        self.remedy = remedy

    @property
    def code(self) -> str:
        """Stable name of the kind of error, for machines: the class name."""
        return type(self).__name__

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.safe, self.remedy) if part)


class AudioError(WildscribeError):
    """The recording cannot be used."""

    exit_code = 3


class MissingAudioError(AudioError):
    """There is no such file."""


class EmptyAudioError(AudioError):
    """The file holds no audio stream, or no samples."""


class UnsupportedAudioError(AudioError):
    """No decoder knows the format."""


class EncryptedAudioError(AudioError):
    """The file is protected."""


class TruncatedAudioError(AudioError):
    """The file ends too early for anything to be read."""


class CorruptAudioError(AudioError):
    """The file is damaged so that nothing can be read."""


class InvalidAudioError(AudioError):
    """Samples that are no sound: NaN, infinite, wrong shape or dtype."""


class ModelError(WildscribeError):
    """The weights cannot be used."""

    exit_code = 4


class MissingModelError(ModelError):
    """No such model, or a part of it is absent."""


class LayoutError(ModelError):
    """The folder is neither in the native nor in the original layout."""


class KeyMismatchError(ModelError):
    """Tensors are missing or unexpected."""


class PickleRefusedError(ModelError):
    """A pickle was offered; unpickling can run code, so it is never done."""

    suffixes: ClassVar = frozenset({".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle"})
    """Names of files that hold pickled weights end so."""

    @classmethod
    def of(cls, path: Path) -> "PickleRefusedError":
        """The refusal of one file."""
        return cls(
            f"{path.name} is a pickle. Loading one can run any code it brings along.",
            "Nothing was loaded.",
            "Use the .safetensors file of the same model.",
        )


class HashMismatchError(ModelError):
    """A file is not what the catalogue says it is."""


class EngineError(WildscribeError):
    """The machine, or the process that does the hearing, failed."""

    exit_code = 5


class DeviceError(EngineError):
    """The asked-for device cannot be used."""


class OutOfMemoryError(EngineError):
    """Even one segment does not fit into memory."""


class CancelledError(EngineError):
    """The person stopped the work."""

    exit_code = 130


class ProtocolError(EngineError):
    """The other end of the pipe speaks another version, or nonsense."""


class EngineDiedError(EngineError):
    """The engine process ended on its own."""


class StorageError(WildscribeError):
    """Disk full, no permission, or a damaged library."""

    exit_code = 6


class TranscriptFormatError(StorageError):
    """The file is no transcript, or one of a version that is not known here."""


class UsageError(WildscribeError):
    """An option, or a combination of options, that makes no sense."""

    exit_code = 2
