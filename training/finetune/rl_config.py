"""What the stage ``rl`` is asked to do, as plain data.

DAPO (arXiv 2503.14476) gives the clip range and the overlong penalty; Mega-ASR (arXiv 2605.19833)
the reward, the number of rollouts, the steps and the learning rate.
"""

from dataclasses import dataclass, field

from engine.errors import UsageError
from training.reward.options import RewardOptions


@dataclass(frozen=True, slots=True)
class AlarmConfig:
    """When to speak of a collapse. Every figure is a mean over a window of steps.

    Attributes:
        window_steps: steps in a window.
        repetition_share: more of the rollouts than this loop.
        length_drift: tokens written per token said are further than this from 1, and further than
            in the first window.
        reward_gain: the reward is this much above that of the first window, and the held-out WER
            is no better than before the first step.
    """

    window_steps: int = 20
    repetition_share: float = 0.2
    length_drift: float = 0.3
    reward_gain: float = 0.05

    def __post_init__(self) -> None:
        _at_least("window_steps", self.window_steps, 1)
        for name in ("repetition_share", "length_drift", "reward_gain"):
            _at_least(name, getattr(self, name), 0)


@dataclass(frozen=True, slots=True)
class RlConfig:
    """DAPO without a KL term, on every scope of the adapter.

    Attributes:
        steps: of the optimiser.
        rollouts: K, transcripts sampled for each clip; their rewards are compared.
        clips_per_step: groups of rollouts that a step learns from.
        updates_per_rollout: steps on the same rollouts. With 1 the probability ratio is 1 at
            every step, and the clip range never acts.
        most_refills: how often clips are drawn again in the place of those whose rollouts all had
            the same reward; what is missing then is left out of the step.
        rate: learning rate, after a warm-up of ``[optimizer] warm_up_share`` constant.
        temperature: of the sampling.
        epsilon_low: the probability ratio is clipped below 1 - this.
        epsilon_high: and above 1 + this ("clip-higher").
        most_tokens: of one rollout; a short clip has fewer, see `training.rl.rollouts.budget`.
        overlong_share: the last share of a rollout's budget, in which the penalty grows.
        overlong_weight: of the penalty, which goes from 0 to -1; 0 for none.
        rollouts_at_once: rollouts in memory while sampling, whole groups of them.
        held_out_every_steps: steps between two measurements on held-out clips.
        patience: measurements without a new best WER after which the stage ends; 0 for never.
        reward: the reward's constants, and which of its terms count.
        alarms: when to speak of a collapse.
    """

    steps: int = 6000
    rollouts: int = 16
    clips_per_step: int = 8
    updates_per_rollout: int = 1
    most_refills: int = 3
    rate: float = 1e-6
    temperature: float = 1.0
    epsilon_low: float = 0.2
    epsilon_high: float = 0.28
    most_tokens: int = 256
    overlong_share: float = 0.2
    overlong_weight: float = 1.0
    rollouts_at_once: int = 64
    held_out_every_steps: int = 100
    patience: int = 5
    reward: RewardOptions = field(default_factory=RewardOptions)
    alarms: AlarmConfig = field(default_factory=AlarmConfig)

    def __post_init__(self) -> None:
        for name in ("steps", "clips_per_step", "updates_per_rollout", "most_tokens"):
            _at_least(name, getattr(self, name), 1)
        _at_least("rollouts", self.rollouts, 2)
        _at_least("rollouts_at_once", self.rollouts_at_once, 1)
        _at_least("held_out_every_steps", self.held_out_every_steps, 1)
        for name in ("most_refills", "patience", "overlong_weight"):
            _at_least(name, getattr(self, name), 0)
        for name in ("rate", "temperature", "epsilon_low", "epsilon_high"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} must be above 0, not {getattr(self, name)}.")
        if not (self.epsilon_low < 1 and self.overlong_share <= 1 and self.overlong_share >= 0):
            raise UsageError("epsilon_low must be below 1, and overlong_share from 0 to 1.")

    def learnt_at_once(self, clips_at_once: int, halvings: int = 0) -> int:
        """Rollouts in memory while learning: those of some clips, at least of one, for they share
        its prompt; an equal part of them where memory ran out."""
        whole, group = self.clips_per_step * self.rollouts, self.rollouts
        most = max(1, max(group, clips_at_once) >> halvings)
        sizes = range(1, min(most, whole) + 1)
        return max(n for n in sizes if group % n == 0 or (n % group == 0 and whole % n == 0))

    def sampled_at_once(self, most: int) -> int:
        """Clips whose rollouts are sampled together: as many as have ``most`` rollouts, or one."""
        return min(self.clips_per_step, max(1, most // self.rollouts))


def _at_least(name: str, value: float, least: float) -> None:
    if not value >= least:
        raise UsageError(f"{name} must be at least {least}, not {value}.")


MINI = RlConfig(
    steps=160,
    rollouts=8,
    clips_per_step=32,
    most_refills=1,
    rate=2e-4,
    rollouts_at_once=256,
    most_tokens=96,
    held_out_every_steps=40,
)
"""For the model of 3.8 million parameters on a CPU; LoRA on a small model wants larger steps, and
many clips behind each. The reasons, with figures, are in `training.proof.plan`."""
