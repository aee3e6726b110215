"""What happens in the stage ``rl``, beside what happens in any."""

from dataclasses import dataclass
from typing import ClassVar

from training.finetune.events import Event, SampleHeard, StepDone


@dataclass(frozen=True, slots=True)
class RlStepDone(StepDone):
    """One step of the optimiser.

    ``loss`` is the policy's, ``target_tokens`` are those of the rollouts that were learnt from.
    All else counts every rollout that was sampled for the step, skipped ones too. With several
    updates per rollout, the later ones repeat what was said of the first.

    Attributes:
        reward: mean.
        reward_std: standard deviation inside a group, mean over groups.
        terms: mean of each term of the reward, in the paper's names, and of the overlong penalty.
        wer: of the rollouts, pooled, 1 = 100 %.
        groups: that were sampled.
        skipped_share: of the groups, because all their rewards were equal.
        refills: how often clips were drawn again.
        tokens_mean: tokens of a rollout.
        tokens_most: of the longest.
        truncated_share: of the rollouts, ended by their budget.
        repetition_share: of the rollouts that loop.
        length_ratio: tokens (words, characters) written per token said.
        entropy: mean over the tokens that were learnt from, nats.
        clipped_low: share of tokens whose ratio was clipped from below.
        clipped_high: and from above.
    """

    kind: ClassVar[str] = "rl_step"
    reward: float
    reward_std: float
    terms: dict[str, float]
    wer: float
    groups: int
    skipped_share: float
    refills: int
    tokens_mean: float
    tokens_most: int
    truncated_share: float
    repetition_share: float
    length_ratio: float
    entropy: float
    clipped_low: float
    clipped_high: float


@dataclass(frozen=True, slots=True)
class RolloutHeard(SampleHeard):
    """The best or the worst rollout of a step's first clip; goes to samples.jsonl."""

    kind: ClassVar[str] = "rollout"
    reward: float


@dataclass(frozen=True, slots=True)
class CollapseAlarm(Event):
    """Training may be going wrong; told once when it begins, and again should it come back.

    Attributes:
        stage: which stage.
        step: behind which it was seen.
        alarm: see `training.rl.alarms.Alarm`.
        value: what was measured.
        limit: what it went beyond.
    """

    kind: ClassVar[str] = "collapse_alarm"
    stage: str
    step: int
    alarm: str
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class BestKept(Event):
    """No adapter of this stage has heard the held-out clips better; step 0 is where it began."""

    kind: ClassVar[str] = "best_kept"
    stage: str
    step: int
    wer: float


@dataclass(frozen=True, slots=True)
class StoppedEarly(Event):
    """Held-out WER has not improved for a while; the adapter of ``best_step`` is the result."""

    kind: ClassVar[str] = "stopped_early"
    stage: str
    step: int
    best_step: int
    best_wer: float
