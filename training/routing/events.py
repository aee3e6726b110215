"""What happens in the stage ``router``, beside what happens in any."""

from dataclasses import dataclass
from typing import ClassVar

from training.finetune.events import Event


@dataclass(frozen=True, slots=True)
class RouterStepDone(Event):
    """One step of the router's optimiser.

    Attributes:
        stage: which stage.
        step: counted from 1.
        steps: of the stage.
        loss: weighted cross-entropy, nats.
        rate: learning rate.
        wall_s: time it took, s.
    """

    kind: ClassVar[str] = "router_step"
    stage: str
    step: int
    steps: int
    loss: float
    rate: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class RouterMade(Event):
    """The router is calibrated, and lies beside the adapter. Rates are pooled over the held-out
    clips, 1 = 100 %; NaN where nothing can be said.

    Attributes:
        stage: which stage.
        step: it was trained so far.
        clips: it learnt from.
        held_out_clips: it was calibrated and judged on.
        accuracy: share of the held-out clips whose class it tells rightly.
        calibration_error: expected calibration error behind calibration.
        threshold: degraded probability from which the adapter is used.
        robust_share: share of the held-out clips on which it then is.
        base_wer: of the base alone.
        robust_wer: of the adapter always on.
        routed_wer: of the adapter behind the router.
    """

    kind: ClassVar[str] = "router_made"
    stage: str
    step: int
    clips: int
    held_out_clips: int
    accuracy: float
    calibration_error: float
    threshold: float
    robust_share: float
    base_wer: float
    robust_wer: float
    routed_wer: float


@dataclass(frozen=True, slots=True)
class RouterRefused(Event):
    """No useful router came of these clips; the one in use, if any, is kept."""

    kind: ClassVar[str] = "router_refused"
    stage: str
    step: int
    what: str
    remedy: str
