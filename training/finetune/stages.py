"""The stages there are, by name. A new one is one line here, and its settings a field of
`RunConfig`.

Each is a function of a run and a context that does its work from wherever the run's checkpoints
say it is, and returns how it ended. It looks at `Context.command` after every step, saves before
it obeys, leaves its result in `Run.adapter`, and may be killed at any moment. When memory runs
out it raises `torch.OutOfMemoryError`: it is then called again, with half the clips at once.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import MappingProxyType

from engine.errors import UsageError
from training.finetune.context import Context, Outcome
from training.finetune.run import Run

Stage = Callable[[Run, Context], Outcome]

STAGES: Mapping[str, str] = MappingProxyType(
    {
        "sft1": "training.finetune.sft:train",
        "sft2": "training.finetune.sft:train",
        "sft3": "training.finetune.sft:train",
        "rl": "training.rl.stage:train",
        "router": "training.routing.stage:work",
        "evaluate": "training.evaluate.stage:work",
    }
)
"""Name -> "module:function"; imported when it is run, since each brings its own libraries."""


def require(names: Iterable[str]) -> None:
    """Lets only stages pass that there are.

    Raises:
        UsageError: there is no such stage.
    """
    for name in names:
        if name not in STAGES:
            raise UsageError(
                f"There is no stage '{name}'.", "Nothing was started.", f"Use: {', '.join(STAGES)}."
            )


def stage(name: str) -> Stage:
    """The function of a stage.

    Raises:
        UsageError: there is no such stage.
    """
    require([name])
    module, _, function = STAGES[name].partition(":")
    found: Stage = getattr(import_module(module), function)
    return found
