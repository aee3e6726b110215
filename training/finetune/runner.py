"""Goes through the stages of a run, and answers for whatever happens in them."""

from collections.abc import Callable
from dataclasses import replace

from engine.device import is_out_of_memory, release_memory
from engine.errors import OutOfMemoryError, UsageError, WildscribeError
from training.finetune.context import Context, Outcome, unheard
from training.finetune.errors import RunError, storage_error
from training.finetune.events import BatchHalved, Listener, RunFailed, RunFinished
from training.finetune.run import Command, Run, RunState, Status
from training.finetune.stages import Stage, stage


def train(
    run: Run,
    listener: Listener = unheard,
    *,
    only: str | None = None,
    find: Callable[[str], Stage] = stage,
) -> RunState:
    """Works on a run until it is finished, paused or stopped; goes on where it was.

    Args:
        run: the run.
        listener: told of every event.
        only: a stage to run alone, again if it was finished.
        find: gives the function of a stage.

    Returns:
        The state of the run, as it is on the disk.

    Raises:
        WildscribeError: what went wrong; a `RunFailed` event tells of it too.
    """
    if only is not None and only not in run.config.stages:
        find(only)  # one that there is not at all is refused in other words
        raise UsageError(
            f"The run has no stage '{only}'.",
            "Nothing was started.",
            f"Its stages are {', '.join(run.config.stages)}; begin another run with it.",
        )
    stages = [(name, find(name)) for name in run.config.stages]
    if only is not None:
        stages = [(only, find(only))]
    first = Context(run, stages[0][0], listener)
    if not first.is_main:
        return _through(run, stages, only, listener, first)
    with run.locked():
        if only is not None:
            run.forget(only)
        return _through(run, stages, only, listener, first)


def _without(state: RunState, stage: str | None) -> RunState:
    return replace(state, finished=tuple(name for name in state.finished if name != stage))


def _through(
    run: Run,
    stages: list[tuple[str, Stage]],
    only: str | None,
    listener: Listener,
    context: Context,
) -> RunState:
    # Of several processes, one may look before the first has forgotten the stage.
    state = _without(run.state(), only)
    try:
        if context.is_main:
            run.request(Command.GO_ON)
        for name, function in stages:
            if name in state.finished:
                continue
            context = replace(context, stage=name)
            state = replace(state, status=Status.RUNNING, stage=name)
            _save(run, context, state)
            outcome = _fitting(run, context, function)
            state = _after(run, context, state, outcome)
            if outcome is not Outcome.FINISHED:
                return state
        if set(run.config.stages) <= set(state.finished):
            state = replace(state, status=Status.FINISHED)
            _save(run, context, state)
            context.emit(RunFinished())
    except Exception as error:
        raise _told(run, context, error) from error
    return state


def _fitting(run: Run, context: Context, function: Stage) -> Outcome:
    """Works on a stage; when memory runs out, again from its last checkpoint with less at once."""
    while True:
        try:
            return function(run, context)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            _halve(run, context, error)
        # Outside the handler: the traceback held the tensors that have to go.
        release_memory()


_LESS_MEMORY = {
    "": "In the run's config.toml, set gradient_checkpointing = true, lower clips_at_once, or set "
    "four_bit = true, then resume; or begin a new run with a lower most_clip_s or a smaller model.",
    "rl": "In the run's config.toml, lower rollouts, rollouts_at_once or most_tokens under [rl], "
    "or set gradient_checkpointing = true, then resume; or begin a new run with a smaller model.",
    "router": "In the run's config.toml, lower clips_per_step under [router], then resume.",
}


def _halve(run: Run, context: Context, error: BaseException) -> None:
    # One process of several cannot go back alone: the others wait for it inside a step.
    at_once = run.at_once(context.stage)
    if at_once == 1 or context.processes > 1:
        clips = {"rl": "rollouts", "router": "clips of the router"}.get(context.stage, "clips")
        raise OutOfMemoryError(
            f"Memory ran out with {at_once} {clips} at once.",
            "The last complete checkpoint is kept.",
            _LESS_MEMORY.get(context.stage, _LESS_MEMORY[""]),
        ) from error
    state = run.state()
    _save(run, context, replace(state, halvings=state.halvings + 1))
    context.emit(BatchHalved(context.stage, run.at_once(context.stage)))


def _after(run: Run, context: Context, state: RunState, outcome: Outcome) -> RunState:
    if context.is_main:  # which alone changes the state, and has perhaps done so meanwhile
        state = run.state()
    if outcome is Outcome.PAUSED:
        state = replace(state, status=Status.PAUSED)
    else:
        finished = {*state.finished, context.stage}
        ordered = tuple(name for name in run.config.stages if name in finished)
        stopped = outcome is Outcome.STOPPED
        state = replace(
            state, finished=ordered, status=Status.STOPPED if stopped else Status.RUNNING
        )
    _save(run, context, state)
    return state


def _save(run: Run, context: Context, state: RunState) -> None:
    if not context.is_main:
        return
    try:
        run.save_state(state)
    except OSError as error:
        raise storage_error(error) from error


def _told(run: Run, context: Context, error: Exception) -> WildscribeError:
    """The error in words, recorded as far as that is still possible."""
    told = _in_words(error)
    event = RunFailed(context.stage, told.code, told.what, told.safe, told.remedy)
    try:
        # Whichever process it is: the main one will not get to hear of it.
        run.save_state(replace(run.state(), status=Status.FAILED))
        run.record(event)
    except (OSError, WildscribeError):
        pass  # a full disk, most likely the very error that is told
    context.listener(event)
    return told


def _in_words(error: Exception) -> WildscribeError:
    if isinstance(error, WildscribeError):
        return error
    if isinstance(error, OSError):
        return storage_error(error)
    return RunError(
        f"The training broke off: {type(error).__name__}: {error}.",
        "The last complete checkpoint is kept.",
        "Resume the run; if it happens again, report it with the run's metrics.jsonl.",
    )
