"""Speech to text: Qwen3-ASR with and without the robust adapter, in the same batch."""

from engine.recognizer.clip import Clip, Hypothesis
from engine.recognizer.recognizer import Recognizer

__all__ = ["Clip", "Hypothesis", "Recognizer"]
