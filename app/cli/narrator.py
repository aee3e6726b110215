"""Says in words what happens in a run."""

import math
from dataclasses import asdict, dataclass, field

from app.cli.console import Console, clock_time
from training.evaluate.events import Evaluated
from training.finetune import events
from training.rl.events import BestKept, CollapseAlarm, RlStepDone, StoppedEarly
from training.routing.events import RouterMade, RouterRefused, RouterStepDone

QUIET_S = 5.0
"""At least so long between two lines about the same kind of progress, s."""

_STEPS = (events.StepDone, RouterStepDone)
_COUNTS = (events.CopiesMade, events.ClipsHeard, events.WerMeasured)


@dataclass(slots=True)
class Narrator:
    """One line an event, or none; of steps and of clips, one now and then and always the last."""

    console: Console
    _spoke_s: dict[type, float] = field(default_factory=dict, init=False)

    def tell(self, event: events.Event) -> None:
        """Says it, if there is something to say."""
        if isinstance(event, (*_STEPS, *_COUNTS)) and not self._due(event):
            return
        line = sentence(event)
        if line:
            self.console.note(line)

    def _due(self, event: events.Event) -> bool:
        now_s = self.console.clock()
        since_s = now_s - self._spoke_s.get(type(event), -math.inf)
        if since_s < QUIET_S and not _last(event):
            return False
        self._spoke_s[type(event)] = now_s
        return True


def sentence(event: events.Event) -> str:
    """What an event means for the person; "" for what need not be said."""
    match event:
        case events.StepDone() | RouterStepDone():
            return _step(event)
        case events.DataPrepared():
            left = ", ".join(f"{count} {kind}" for kind, count in event.problems.items())
            left += " (see the run's problems.jsonl)" if left else ""
            return (
                f"{event.train_clips} clips to learn from, {event.held_out_clips} held out, "
                f"{clock_time(event.audio_s)} in all; left out: {left or 'none'}"
            )
        case events.WerMeasured():
            return f"the base model heard {event.clips} of {event.of_clips} clips"
        case events.CopiesMade():
            return f"{event.stage}  {event.copies} of {event.of_copies} degraded copies made"
        case events.ClipsHeard():
            return f"{event.stage}  {event.hypotheses} of {event.of_hypotheses} transcripts"
        case events.StageStarted(steps=0):
            return event.stage
        case events.StageStarted(step=0):
            return f"{event.stage}: {event.steps} steps"
        case events.StageStarted():
            return f"{event.stage}: going on behind step {event.step} of {event.steps}"
        case events.HeldOutScored():
            return f"{event.stage}  held-out WER {event.wer:.1%} over {event.clips} clips"
        case events.BatchHalved(stage="rl"):
            return f"rl: memory ran out; on with {event.clips_at_once} rollouts at once"
        case events.BatchHalved():
            return f"{event.stage}: memory ran out; on with {event.clips_at_once} clips at once"
        case events.StageFinished(early=True):
            return f"{event.stage}: stopped at step {event.step}"
        case events.StageFinished(step=0):
            return f"{event.stage}: done"
        case events.StageFinished():
            return f"{event.stage}: done at step {event.step}"
        case BestKept():
            return f"{event.stage}  best so far at step {event.step}: held-out WER {event.wer:.1%}"
        case StoppedEarly():
            return (
                f"{event.stage}: held-out WER has not improved any more; kept is step "
                f"{event.best_step}, {event.best_wer:.1%}"
            )
        case CollapseAlarm():
            return (
                f"{event.stage}  ALARM at step {event.step}: {event.alarm.replace('_', ' ')} "
                f"{event.value:.3f}, limit {event.limit:g}"
            )
        case RouterMade():
            return _router(event)
        case RouterRefused():
            return f"{event.stage}: {event.what} The router in use is kept. {event.remedy}".strip()
        case Evaluated():
            return (
                f"{event.stage}: {event.headline} {event.reasons}\n"
                f"The whole report on {event.clips} clips: {event.report}"
            )
        case events.CheckpointSaved() | events.SampleHeard() | events.StagePaused():
            return ""
        case events.RunFinished() | events.RunFailed():
            return ""
    # A kind of its stage's own.
    values = asdict(event)
    return "  ".join([event.kind.replace("_", " "), *(f"{k} {v}" for k, v in values.items())])


def _step(event: events.StepDone | RouterStepDone) -> str:
    left_s = (event.steps - event.step) * event.wall_s
    parts = [f"{event.stage}  step {event.step} of {event.steps}", f"loss {event.loss:.3f}"]
    if isinstance(event, RlStepDone):
        parts += [
            f"reward {event.reward:.3f}",
            f"WER of rollouts {event.wer:.1%}",
            f"entropy {event.entropy:.3f}",
            f"silent groups {event.skipped_share:.0%}",
        ]
    parts.append(f"rate {event.rate:.1e}")
    if isinstance(event, events.StepDone):
        parts.append(f"{event.audio_s / max(event.wall_s, 1e-9):.1f} s of audio a second")
    return "  ".join([*parts, f"about {clock_time(left_s)} left"])


def _router(event: RouterMade) -> str:
    line = f"{event.stage}: calibration error {event.calibration_error:.3f}"
    if not math.isnan(event.accuracy):
        line += f", tells degraded from clean on {event.accuracy:.1%}"
    line += f"; the adapter is used from a probability of {event.threshold:.3f} on"
    if not math.isnan(event.routed_wer):
        line += (
            f", on {event.robust_share:.0%} of {event.held_out_clips} held-out clips\n"
            f"{event.stage}  held-out WER: base {event.base_wer:.1%}, "
            f"always on {event.robust_wer:.1%}, routed {event.routed_wer:.1%}"
        )
    return line


def _last(event: events.Event) -> bool:
    match event:
        case events.StepDone() | RouterStepDone():
            return event.step == event.steps
        case events.CopiesMade():
            return event.copies == event.of_copies
        case events.ClipsHeard():
            return event.hypotheses == event.of_hypotheses
        case events.WerMeasured():
            return event.clips == event.of_clips
    return False
