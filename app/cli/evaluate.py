"""``wildscribe evaluate``: is the new adapter better than the base and than the one in use?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.cli.chosen import library
from app.cli.console import Console, table
from app.cli.interrupt import cancel_on_interrupt
from app.cli.transcribe import Device, Dtype, Model

if TYPE_CHECKING:
    from engine.checkpoint import ModelFolder
    from training.evaluate import EvaluationClip
    from training.evaluate.listen import Candidate
    from training.evaluate.result import Evaluation

LONGEST_CLIP_S = 30.0
"""What the recogniser takes at once; longer recordings are no clips."""


def command(
    new: Annotated[str, typer.Option(help="The adapter in question: NAME@VERSION or a folder.")],
    data: Annotated[
        list[Path],
        typer.Option(
            metavar="PATH",
            help="Clips with their words: a folder, JSONL, Parquet; may be repeated.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the report; a stopped one goes on.")],
    current: Annotated[
        str | None,
        typer.Option(help="The adapter in use; by default that of the same name, or the model's."),
    ] = None,
    model: Model = "mini",
    routed: Annotated[
        bool, typer.Option("--routed/--always", help="Judge it behind its router, or always on.")
    ] = True,
    meant_for: Annotated[
        Literal["both", "degraded", "own"],
        typer.Option("--for", help="Clips on which it has to be better."),
    ] = "both",
    clean_limit: Annotated[
        float, typer.Option(help="Most that the error rate on clean clips may rise, in points.")
    ] = 0.5,
    language: Annotated[str, typer.Option(help="Of clips that do not say theirs.")] = "",
    normalizer: Annotated[
        Literal["bench", "whisper", "lenient"], typer.Option(help="Rule to compare texts by.")
    ] = "bench",
    device: Device = "auto",
    dtype: Dtype = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="The whole report.")] = False,
) -> None:
    """Compare base, current and new adapter on the same clips, and say whether to promote.

    Clips named "clean" show harm, clips of a scenario show the use; all others are your own. The
    folder gets report.html, report.md and report.json. Clips that an adapter is known to have
    learnt from are left out. Ctrl-C keeps what was heard.
    """
    from engine.checkpoint.fingerprint import base_sha256
    from engine.errors import UsageError
    from engine.models import located
    from training.adapters.choose import choose
    from training.evaluate import Group, Limits, Request, evaluate
    from training.evaluate.listen import Candidate, Listener

    console = Console.standard()
    if clean_limit < 0:
        raise UsageError(f"The limit is {clean_limit} points.", remedy="Use 0 or more.")
    base = located(model)
    sha256 = base_sha256(base)
    chosen = choose(library(), new, sha256)
    groups = {"degraded": (Group.DEGRADED,), "own": (Group.OWN,)}
    limits = Limits(clean_regression=clean_limit / 100)
    if meant_for != "both":
        limits = Limits(groups[meant_for], clean_limit / 100)
    clips, left_out = _clips(data, language, out, console)
    candidate = Candidate.of(base, chosen.name, chosen.folder, chosen.threshold)
    request = Request(
        clips=clips,
        new=candidate,
        current=_current(current, chosen.line, base, sha256, candidate),
        routed=routed,
        limits=limits,
        normalizer=normalizer,
        left_out=left_out,
    )
    with cancel_on_interrupt(console) as cancel, console.progress("hearing") as bar:
        listener = Listener(base, sha256, device, dtype, cancel, bar.update_count)
        found = evaluate(request, listener, out)
    _say_what_was_learnt(found, left_out, console)
    if as_json:
        console.json(found.to_json())
        return
    console.result(describe(found))
    console.note(f"The whole report: {out / 'report.html'}")


def describe(found: "Evaluation") -> str:
    """For people: the verdict, and error rates by kind of clip."""
    from training.evaluate.text import rates

    heading, *rows = rates(found.table("groups"), found.columns)
    right = frozenset(range(1, len(heading)))
    reasons = "\n".join(f"  {reason}" for reason in found.verdict.reasons)
    return f"{table([heading, *rows], right=right)}\n\n{found.verdict.headline}\n{reasons}"


def _say_what_was_learnt(found: "Evaluation", left_out: tuple[str, ...], console: Console) -> None:
    """Notes what was left out since the clips were read, and what nobody could leave out."""
    from training.evaluate.text import learnt_from

    for why in found.left_out[len(left_out) :]:
        console.note(f"Left out: {why}")
    for one in found.measured:
        if not (one.learnt_clips is not None and one.learnt_in_full):
            console.note(f"What {one.name} learnt from: {learnt_from(one)}.")


def _clips(
    data: list[Path], language: str, out: Path, console: Console
) -> "tuple[list[EvaluationClip], tuple[str, ...]]":
    """Clips that can be used, and why others cannot, among them those marked to be learnt from."""
    from training.data import check, read
    from training.data.example import TRAIN
    from training.evaluate import evaluation_clips

    examples, problems = read(data, language, out / "audio")
    trained = [example for example in examples if example.given_split == TRAIN]
    examples = [example for example in examples if example.given_split != TRAIN]
    with console.progress("reading") as bar:
        sound, unsound = check(
            examples, LONGEST_CLIP_S, lambda done: bar.update_count(done, len(examples))
        )
    left_out = [str(problem) for problem in (*problems, *unsound)]
    if trained:
        left_out.append(f"{len(trained)} clips are marked as training data.")
    for why in left_out[:10]:
        console.note(f"Left out: {why}")
    if len(left_out) > 10:
        console.note(f"Left out: {len(left_out) - 10} more; the report names them.")
    return evaluation_clips(sound), tuple(left_out)


def _current(
    wanted: str | None, line: str, base: "ModelFolder", sha256: str, new: "Candidate"
) -> "Candidate | None":
    """What the new adapter has to beat beside the base, if there is anything."""
    from training.adapters.choose import choose, used_on
    from training.evaluate.listen import Candidate

    in_use = used_on(library(), line, sha256) if wanted is None else None
    reference = wanted or (in_use.reference if in_use else None)
    if reference is not None:
        chosen = choose(library(), reference, sha256)
        found = Candidate.of(base, chosen.name, chosen.folder, chosen.threshold)
    elif base.adapter is not None:
        found = Candidate.of(base, f"{base.name}'s own", base.adapter)
    else:
        return None
    same = found.adapter.resolve() == new.adapter.resolve()
    return None if same else found
