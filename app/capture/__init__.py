"""The microphone: sound is on disk first; nothing that a model does can lose it."""

from app.capture.devices import InputDevice, input_devices
from app.capture.recorder import Recorder, Recording

__all__ = ["InputDevice", "Recorder", "Recording", "input_devices"]
