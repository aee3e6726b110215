"""The stage ``evaluate``: base, adapter in use and new adapter on clips that nobody learnt from.

Held-out clips as they are, degraded copies of them in every scenario, and clips known to be clean.
The report goes into the run's ``report``, and may be shown to `wildscribe adapters promote`.

The adapter in use is what ``[evaluate] current`` names; else the version in use of the library's
adapter that is called as the run's folder, if it was made for this base; else what the run started
from; else the model's own.

Resuming: what was heard is stored clip by clip, and not heard again.
"""

from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path

from engine.checkpoint import ModelFolder
from engine.errors import UsageError
from training.adapters.choose import choose, used_on
from training.adapters.learnt import clip_digest
from training.adapters.library import AdapterLibrary
from training.data import Example, check, read
from training.evaluate import EvaluationClip, Group, Limits, Request, evaluate, evaluation_clips
from training.evaluate.events import Evaluated
from training.evaluate.listen import Candidate
from training.evaluate.of_run import adapter_for, ears
from training.finetune.context import Context, Outcome
from training.finetune.copies import copied, marked, scenario_copies
from training.finetune.errors import storage_error
from training.finetune.events import StageFinished, StageStarted
from training.finetune.interrupt import in_main_process
from training.finetune.prepare import prepared
from training.finetune.run import Run
from training.simulate import Materials

_GROUPS = {
    "both": (Group.DEGRADED, Group.OWN),
    "degraded": (Group.DEGRADED,),
    "own": (Group.OWN,),
}


def work(run: Run, context: Context, materials: Materials | None = None) -> Outcome:
    """Compares, reports and decides, from wherever the run's files say it is.

    Args:
        run: the run; its ``[evaluate]`` section says how.
        context: of the stage.
        materials: what degraded copies are made with; see `training.finetune.copies.copied`.

    Raises:
        WildscribeError: there is no adapter or no held-out clip, a model or a clip cannot be used,
            or the disk is full.
    """
    return in_main_process(run, context, lambda run, context: _evaluated(run, context, materials))


def _evaluated(run: Run, context: Context, materials: Materials | None) -> Outcome:
    config = run.config.evaluate
    adapter = adapter_for(run, context.stage)
    all_clips = prepared(run, context)
    held_out = marked(all_clips.held_out, run.config.data)
    if not held_out:
        raise UsageError(
            "No clips of this run are held out, so there is nothing to evaluate on.",
            "What was learnt is kept.",
            "Begin a run with held_out_share above 0, or evaluate on other clips: "
            "wildscribe evaluate",
        )
    context.emit(StageStarted(context.stage, 0, 0))
    clean, left_out = _clean(run, {clip.sha256 for clip in all_clips.train})
    with ears(run, context) as listener:
        new = Candidate.of(listener.model, run.folder.name, adapter)
        current = _current(run, listener.model, listener.base_sha256, new)
        held_out, learnt = _not_learnt(held_out, new, current)
        as_they_are = sorted(held_out, key=lambda clip: clip.sha256)[: config.most_clips]
        copies = copied(run, context, scenario_copies(held_out, config.scenario_clips), materials)
        clips = _each_once([*as_they_are, *copies, *clean])
        request = Request(
            clips=clips,
            new=new,
            current=current,
            routed=config.routed and new.router is not None,
            limits=Limits(_GROUPS[config.meant_for], config.clean_limit_points / 100),
            normalizer=config.normalizer,
            left_out=(*learnt, *left_out),
        )
        found = evaluate(request, listener, run.report)
    context.emit(
        Evaluated(
            stage=context.stage,
            clips=found.clips,
            promoted=found.verdict.promoted,
            headline=found.verdict.headline,
            reasons=" ".join(found.verdict.reasons),
            report=str(run.report / "report.html"),
        )
    )
    context.emit(StageFinished(context.stage, 0, early=False))
    return Outcome.FINISHED


def _clean(run: Run, learnt_from: Set[str]) -> tuple[list[Example], tuple[str, ...]]:
    """Clips from elsewhere that are known to be clean, and why some of them cannot be used."""
    paths, data = map(Path, run.config.evaluate.clean), run.config.data
    try:
        examples, unread = read(paths, data.language, run.folder / "audio")
    except OSError as error:
        raise storage_error(error) from error
    sound, unsound = check(examples, data.most_clip_s)
    known = [replace(e, scenario="clean") for e in sound if e.sha256 not in learnt_from]
    left_out = [str(problem) for problem in (*unread, *unsound)]
    if len(known) < len(sound):
        left_out.append(f"{len(sound) - len(known)} clean clips are among those learnt from.")
    return known, tuple(left_out)


def _not_learnt(
    held_out: Sequence[Example], new: Candidate, current: Candidate | None
) -> tuple[list[Example], tuple[str, ...]]:
    """Held-out clips that no adapter before this run learnt from, and how many others there were.

    `evaluate` would leave them out as well, but not the copies of them.
    """
    known = [c.learnt.clips for c in (new, current) if c is not None and c.learnt is not None]
    kept = [c for c in held_out if not any(clip_digest(c.sha256) in clips for clips in known)]
    if len(kept) == len(held_out):
        return kept, ()
    what = f"{len(held_out) - len(kept)} held-out clips were learnt from before this run."
    return kept, (what,)


def _each_once(examples: Sequence[Example]) -> list[EvaluationClip]:
    found = {clip.id: clip for clip in reversed(evaluation_clips(examples))}
    return list(reversed(found.values()))


def _current(run: Run, model: ModelFolder, base_sha256: str, new: Candidate) -> Candidate | None:
    """What the new adapter has to beat beside the base, if there is anything; see above."""
    library, started_from = AdapterLibrary.default(), run.config.adapter.start_from
    in_use = used_on(library, run.folder.name, base_sha256)
    wanted = run.config.evaluate.current or (in_use.reference if in_use else "")
    if wanted or started_from:
        chosen = choose(library, wanted or started_from, base_sha256)
        name = chosen.name if wanted else Path(started_from).name
        found = Candidate.of(model, name, chosen.folder, chosen.threshold)
    elif model.adapter is not None:
        found = Candidate.of(model, f"{model.name}'s own", model.adapter)
    else:
        return None
    return None if found.adapter.resolve() == new.adapter.resolve() else found
