"""Which microphones there are."""

from dataclasses import dataclass

from app.capture.portaudio import portaudio


@dataclass(frozen=True, slots=True)
class InputDevice:
    """Something that can be recorded from.

    Attributes:
        index: PortAudio's number for it, until the list is made anew.
        name: as the system calls it.
        rate_hz: the rate it likes best.
        is_default: the system's own choice.
    """

    index: int
    name: str
    rate_hz: int
    is_default: bool = False


def input_devices() -> list[InputDevice]:
    """Every device with an input, the system's own choice first. Empty where there is none.

    The list is made anew, so that a microphone that was just plugged in is on it: call it only
    while nothing is recorded or played.

    Raises:
        DeviceError: PortAudio is missing.
    """
    sd = portaudio()
    sd._terminate()
    sd._initialize()
    default = sd.default.device[0]
    devices = [
        InputDevice(index, about["name"], int(about["default_samplerate"]), index == default)
        for index, about in enumerate(sd.query_devices())
        if about["max_input_channels"] > 0
    ]
    return sorted(devices, key=lambda device: not device.is_default)
