"""``wildscribe train``: makes an adapter that hears a person's own rooms and devices better."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.console import Console, clock_time, size_text, table
from engine.errors import UsageError
from training.finetune import events
from training.finetune.errors import RunError
from training.finetune.presets import PRESETS
from training.finetune.run import Command, Run, RunState, Status

if TYPE_CHECKING:
    from training.finetune.dry_run import DryRun, StagePlan

SHOWN_PROBLEMS = 20


def command(
    config: Annotated[
        Path | None,
        typer.Argument(metavar="[CONFIG]", help="A run's folder or config.toml, or another .toml."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the data, reckon steps, memory, time and disk.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run.")] = False,
    stage: Annotated[
        str | None, typer.Option(metavar="NAME", help="One stage alone, again if it was finished.")
    ] = None,
    pause: Annotated[
        bool, typer.Option("--pause", help="Have the process that trains this run pause it.")
    ] = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="Have it end the stage there and keep what it learnt.")
    ] = False,
    preset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"Write a configuration: {', '.join(PRESETS)}."),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="With --preset: clips; may be given more than once."),
    ] = None,
    language: Annotated[
        str, typer.Option(help="With --preset: of clips that do not say theirs.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="RUN", help="With --preset: folder of the new run.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Fine-tune an adapter on clips and their words.

    Begin with a preset, look at what it would do, then train; Ctrl-C pauses.

    \b
      wildscribe train --preset mini-cpu --data clips --out rooms
      wildscribe train rooms --dry-run
      wildscribe train rooms
      wildscribe train rooms --resume
    """
    console = Console.standard()
    if preset is not None:
        if config is not None or out is None:
            raise UsageError("--preset writes a new run: give --data and --out, and no CONFIG.")
        begin(console, preset, data or [], language, out)
        return
    if config is None:
        raise UsageError("Nothing to train.", remedy="Name a run, or begin one with --preset.")
    run = Run.at(config)
    if pause or stop:
        ask(console, run, Command.STOP if stop else Command.PAUSE)
        return
    if dry_run:
        from training.finetune.dry_run import dry_run as reckon

        found = reckon(run)
        if as_json:
            console.json(found.to_json())
        else:
            console.result(describe(found))
        return
    work(console, run, resume=resume, stage=stage, as_json=as_json)


def begin(console: Console, preset: str, data: list[Path], language: str, out: Path) -> None:
    """Writes the configuration of a new run.

    Raises:
        UsageError: there is no such preset, or no data is named.
        RunError: there is a run already.
    """
    if preset not in PRESETS:
        raise UsageError(f"There is no preset '{preset}'.", remedy=f"Use: {', '.join(PRESETS)}.")
    if not data:
        raise UsageError("A run needs clips.", remedy="Name them with --data.")
    base = PRESETS[preset]
    paths = tuple(str(path.absolute()) for path in data)
    run = Run.create(out, replace(base, data=replace(base.data, paths=paths, language=language)))
    console.note("Change what you like in it, then see what it would do:")
    console.note(f"  wildscribe train {out} --dry-run")
    console.result(str(run.folder / "config.toml"))


def ask(console: Console, run: Run, command: Command) -> None:
    """Leaves a wish for the process that trains a run.

    Raises:
        RunError: no process does.
    """
    if not run.in_work():
        raise RunError(
            f"No process is training {run.folder}.",
            "It was left alone.",
            "Go on with it: --resume" if run.state().finished or run.state().stage else "",
        )
    run.request(command)
    end = "pause" if command is Command.PAUSE else "end its stage and keep what it learnt"
    console.note(f"{run.folder} will {end} behind this step.")


def work(console: Console, run: Run, *, resume: bool, stage: str | None, as_json: bool) -> None:
    """Trains until the run is done, paused or stopped; exits with 130 when Ctrl-C paused it.

    Raises:
        RunError: the run has begun, and nobody said that it shall go on.
        WildscribeError: what went wrong.
    """
    status = run.state().status
    if status is Status.FINISHED and stage is None:
        console.result(str(run.folder))
        return
    begun = status is not Status.NEW and run.data_file.exists()
    if begun and not resume and stage is None:
        # What was killed still says that it is running.
        how = "has begun" if status is Status.RUNNING else f"is {status}"
        raise RunError(
            f"{run.folder} {how} already.",
            "It was left alone.",
            "Go on with --resume, or do one stage again with --stage.",
        )
    from app.cli.narrator import Narrator
    from training.finetune.runner import train

    listener = _json_lines(console) if as_json else Narrator(console).tell
    with pause_on_interrupt(console, run):
        state = train(run, listener, only=stage)
    if not as_json:
        _end(console, run, state)
    if state.status is Status.PAUSED:
        raise typer.Exit(130)


@contextmanager
def pause_on_interrupt(console: Console, run: Run) -> Iterator[None]:
    """The first Ctrl-C pauses the run behind its step; the second ends the process at once."""
    asked = False

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        run.request(Command.PAUSE)
        console.note("\nPausing behind this step. Ctrl-C again to end at once.")

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def describe(found: "DryRun") -> str:
    """A dry run for people."""
    lines = [
        f"{found.train_clips} clips to learn from, {found.held_out_clips} held out, "
        f"{clock_time(found.audio_s)} of audio"
    ]
    if found.problems:
        lines.append(f"{len(found.problems)} left out:")
        lines += [f"  {problem.kind}  {problem}" for problem in found.problems[:SHOWN_PROBLEMS]]
        if len(found.problems) > SHOWN_PROBLEMS:
            lines.append(f"  and {len(found.problems) - SHOWN_PROBLEMS} more (--json lists all)")
    if found.unknown_wers:
        lines.append(
            f"The base model will hear {found.unknown_wers} clips first; "
            "those above wer_limits then drop out, and there are fewer steps."
        )
    lines.append("")
    rows: list[tuple[str, ...]] = [("stage", "steps", "memory", "a step", "all of it")]
    rows += [_row(plan) for plan in found.stages]
    rows += [(plan.stage, str(plan.steps or "-"), "-", "-", "-") for plan in found.later]
    lines.append(table(rows, right=frozenset({1, 2, 3, 4})))
    lines.append("")
    for plan in found.later:
        if plan.clips:
            made = f", {plan.copies} of them degraded copies made for it" if plan.copies else ""
            lines.append(f"{plan.stage}: hears {plan.clips} clips on every route{made}.")
    lines += found.warnings
    lines.append(
        f"Disk: at most {size_text(found.disk_bytes)}; {size_text(found.free_bytes)} are free."
    )
    return "\n".join(lines)


def _row(plan: "StagePlan") -> tuple[str, ...]:
    memory = size_text(plan.memory.total_bytes)
    if plan.step_s is None:
        return (plan.stage, str(plan.steps), memory, "-", "-")
    whole = clock_time(plan.steps * plan.step_s)
    return (plan.stage, str(plan.steps), memory, f"{plan.step_s:.1f} s", whole)


def _json_lines(console: Console) -> events.Listener:
    return lambda event: console.result(events.to_line(event, time.time()))


def _end(console: Console, run: Run, state: RunState) -> None:
    if state.status is Status.PAUSED:
        console.note(f"Paused. Go on with: wildscribe train {run.folder} --resume")
        return
    adapters = [run.adapter(name) for name in state.finished if run.adapter(name).is_dir()]
    if state.status is Status.STOPPED:
        console.note("Stopped; what was learnt is kept. --resume goes on with the next stage.")
    if adapters:
        console.result(str(adapters[-1]))
