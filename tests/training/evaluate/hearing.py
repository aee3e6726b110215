"""A recogniser that is told what it hears, and what is asked of it in the tests."""

import threading
from collections.abc import Iterator, Sequence

from engine.checkpoint import ModelFolder
from engine.errors import CancelledError
from engine.recognizer import Clip, Hypothesis
from training.adapters.fingerprint import adapter_sha256
from training.evaluate import Limits
from training.evaluate.evidence import Use
from training.evaluate.listen import Candidate, Listener
from training.score import Bootstrap

LIMITS = Limits(bootstrap=Bootstrap(resamples=100))
BASE = "ab" * 32
QUIET, LOUD = 0.01, 0.5


class Scripted:
    """Hears loud clips rightly, quiet ones only with the adapter.

    The first sample carries the number of the clip, the second whether it is loud.
    """

    def __init__(self, log: list[tuple[int, float]], fail_after: int | None = None) -> None:
        self.log = log
        self.fail_after = fail_after
        self.contexts: set[str] = set()

    def stream(
        self, clips: Sequence[Clip], *, cancel: threading.Event | None = None
    ) -> Iterator[tuple[int, Hypothesis]]:
        for index, asked in reversed(list(enumerate(clips))):
            if self.fail_after is not None and len(self.log) >= self.fail_after:
                raise CancelledError("stopped")
            number = round(float(asked.samples[0]) * 1000)
            self.log.append((number, asked.gate))
            self.contexts.add(asked.context)
            right = asked.samples[1] > 0.1 or asked.gate == 1.0
            text = f"one two three {number}" if right else "one 5"
            yield index, Hypothesis(text, "English", 0.9, text, (1, 2), False)


def listener(model: ModelFolder, log: list, fail_after: int | None = None) -> Listener:
    return Listener(model, BASE, load=lambda folder, device, dtype: Scripted(log, fail_after))


def candidate(model: ModelFolder, **more) -> Candidate:
    assert model.adapter is not None
    return Candidate("clinic@2", model.adapter, **more)


def use(model: ModelFolder, **more) -> Use:
    """A version of the library without a router of its own."""
    assert model.adapter is not None
    about = {"name": "clinic@2", "base_sha256": BASE, "router_sha256": None, "threshold": None}
    return Use(**about | {"adapter_sha256": adapter_sha256(model.adapter)} | more)
