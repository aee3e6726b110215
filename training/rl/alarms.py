"""Signs that the reward is being gamed, or the policy is collapsing."""

from collections.abc import Sequence
from enum import StrEnum
from statistics import fmean

from training.finetune.rl_config import AlarmConfig
from training.rl.memory import Memory, Point


class Alarm(StrEnum):
    """One sign."""

    REPETITION = "repetition"
    """Too many rollouts loop."""
    LENGTH_DRIFT = "length_drift"
    """Rollouts are growing ever longer, or shorter, than what was said."""
    REWARD_WITHOUT_WER = "reward_without_wer"
    """The reward rises; what it is there for does not improve."""


def alarms(memory: Memory, config: AlarmConfig) -> dict[Alarm, tuple[float, float]]:
    """The signs that hold, each with what was measured and the limit it is beyond.

    There are none before the first window is full.
    """
    if len(memory.recent) < config.window_steps:
        return {}
    found: dict[Alarm, tuple[float, float]] = {}
    loops = fmean(point.repetition_share for point in memory.recent)
    if loops > config.repetition_share:
        found[Alarm.REPETITION] = (loops, config.repetition_share)
    drift = _drift(memory.recent)
    if drift > max(config.length_drift, _drift(memory.first)):
        found[Alarm.LENGTH_DRIFT] = (drift, config.length_drift)
    gain = _reward(memory.recent) - _reward(memory.first)
    if gain > config.reward_gain and _no_better(memory):
        found[Alarm.REWARD_WITHOUT_WER] = (gain, config.reward_gain)
    return found


def _drift(points: Sequence[Point]) -> float:
    return abs(fmean(point.length_ratio for point in points) - 1.0)


def _reward(points: Sequence[Point]) -> float:
    return fmean(point.reward for point in points)


def _no_better(memory: Memory) -> bool:
    if memory.start_wer is None or memory.last_wer is None:
        return False
    return memory.last_wer >= memory.start_wer
