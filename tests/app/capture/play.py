"""Plays a file through the default loudspeaker, to its end: a program for the tests."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import soundfile

from app.playback import Player

if __name__ == "__main__":
    samples, rate_hz = soundfile.read(sys.argv[1], dtype="float32")
    ended = threading.Event()
    player = Player()
    player.play(samples, rate_hz, ended.set)
    ended.wait()
    player.stop()
