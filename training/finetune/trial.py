"""A few real steps of a stage, to see how long one takes and whether it fits."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean

from engine.device import is_out_of_memory
from engine.errors import OutOfMemoryError
from training.data import Example, write_examples
from training.finetune.config import CheckpointConfig
from training.finetune.context import Context
from training.finetune.events import StepDone
from training.finetune.run import Run
from training.finetune.stages import stage

LEARNING = ("sft1", "sft2", "sft3", "rl")
"""Stages whose steps can be tried."""

MEASURED_STEPS = 3


def step_time_s(run: Run, name: str, clips: Sequence[Example]) -> float:
    """Time of a step, s: of three real ones, in a run that is thrown away, without the first.

    Args:
        run: whose settings are tried.
        name: of a stage that learns, see `LEARNING`.
        clips: to learn from.

    Raises:
        OutOfMemoryError: a step does not fit into memory.
        WildscribeError: model or device cannot be used, or what the stage needs is not installed.
    """
    times: list[float] = []

    def listen(event: object) -> None:
        if isinstance(event, StepDone):
            times.append(event.wall_s)

    config = run.config
    nothing = CheckpointConfig(10**9, held_out_clips=0)
    if name == "rl":
        rl = replace(config.rl, steps=MEASURED_STEPS * config.rl.updates_per_rollout)
        config = replace(config, checkpoints=nothing, rl=rl)
    else:
        phase = replace(config.phase(name), wer_limits=(), epochs=1e6, most_steps=MEASURED_STEPS)
        config = replace(config, checkpoints=nothing, sft1=phase, sft2=phase, sft3=phase)
    with tempfile.TemporaryDirectory(prefix="wildscribe-") as folder:
        trial = Run.create(Path(folder) / "run", config)
        write_examples(trial.data_file, clips)
        try:
            stage(name)(trial, Context(trial, name, listen))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            at_once = trial.at_once(name)
            raise OutOfMemoryError(
                f"A step of {name} with {at_once} clips at once does not fit into memory.",
                "Nothing was started.",
                "Lower clips_at_once, set gradient_checkpointing = true or four_bit = true, lower "
                "most_clip_s, or use a smaller model.",
            ) from error
    return mean(times[1:])
