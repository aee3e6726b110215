"""What the stages ``router`` and ``evaluate`` are asked to do, as plain data."""

from dataclasses import dataclass

from engine.errors import UsageError

MEANT_FOR = ("both", "degraded", "own")
NORMALIZERS = ("bench", "whisper", "lenient")


@dataclass(frozen=True, slots=True)
class RouterConfig:
    """The router that is made for the run's adapter.

    Attributes:
        copies: degraded copies of each clip that is not degraded already, in scenarios and
            severities drawn as in the paper (60 / 24 / 16, linear); 0 where the data has enough.
        most_clips: at most so many clips and copies are learnt from.
        most_held_out_clips: and so many held-out ones calibrate it and choose the threshold.
        from_model: begin with the router that the model has, if it has one.
        steps: of the optimiser.
        clips_per_step: clips behind one step.
        rate: peak learning rate.
        prior_edits: what "degraded" or "clean" counts beside the edits that the adapter saves on
            a clip; 0 learns the benefit alone. See `training.routing.examples.target`.
    """

    copies: int = 2
    most_clips: int = 2000
    most_held_out_clips: int = 1000
    from_model: bool = True
    steps: int = 600
    clips_per_step: int = 16
    rate: float = 2e-4
    prior_edits: float = 1.0

    def __post_init__(self) -> None:
        for name in ("most_clips", "most_held_out_clips", "steps", "clips_per_step"):
            _at_least(name, getattr(self, name), 1)
        for name in ("copies", "prior_edits"):
            _at_least(name, getattr(self, name), 0)
        if not self.rate > 0:
            raise UsageError(f"rate must be above 0, not {self.rate}.")


@dataclass(frozen=True, slots=True)
class EvaluateConfig:
    """The comparison of base, adapter in use and new adapter.

    Attributes:
        most_clips: at most so many held-out clips are heard as they are.
        scenario_clips: copies of held-out clips in each of the 54 scenarios, from 5 on with an
            interval for each; 0 where the data has degraded clips enough.
        clean: folders and files with clips known to be clean, and not of this run, to measure harm
            on; beside those of the data that say so.
        current: the adapter in use: NAME[@VERSION] in the library, or a folder; "" for the version
            in use that is called as the run's folder, else the one the run started from, else the
            model's own.
        routed: judge the new adapter behind its router, as it would be used; otherwise always on.
        meant_for: clips on which it has to be better: "degraded", "own", or "both".
        clean_limit_points: most that the error rate on clean clips may rise, in points.
        normalizer: rule to compare texts by; see `training.score`.
    """

    most_clips: int = 500
    scenario_clips: int = 5
    clean: tuple[str, ...] = ()
    current: str = ""
    routed: bool = True
    meant_for: str = "both"
    clean_limit_points: float = 0.5
    normalizer: str = "bench"

    def __post_init__(self) -> None:
        _at_least("most_clips", self.most_clips, 1)
        _at_least("scenario_clips", self.scenario_clips, 0)
        _at_least("clean_limit_points", self.clean_limit_points, 0)
        _one_of("meant_for", self.meant_for, MEANT_FOR)
        _one_of("normalizer", self.normalizer, NORMALIZERS)


def _at_least(name: str, value: float, least: float) -> None:
    if not value >= least:
        raise UsageError(f"{name} must be at least {least}, not {value}.")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"{name} must be one of {', '.join(known)}, not '{value}'.")
