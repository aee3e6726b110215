"""PortAudio, loaded when it is first needed: where it is missing, only sound is."""

from importlib import import_module
from types import ModuleType

from engine.errors import DeviceError


def portaudio() -> ModuleType:
    """The sounddevice module.

    Raises:
        DeviceError: PortAudio is not installed, or finds no way to speak to the sound system.
    """
    try:
        return import_module("sounddevice")
    except OSError as error:
        raise DeviceError(
            "Sound cannot be recorded or played, because PortAudio is missing.",
            "Opening files, transcribing and exporting work without it.",
            "Install it, on Debian or Ubuntu with: sudo apt install libportaudio2",
        ) from error
