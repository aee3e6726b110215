"""One evaluation, from clips to a report: listen, score, decide, write."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import UsageError
from training.adapters.fingerprint import adapter_sha256, file_sha256
from training.adapters.lineage import TOOLS, installed
from training.adapters.promotions import now
from training.evaluate.clips import EvaluationClip, Group
from training.evaluate.html import to_html
from training.evaluate.learnt import without_learnt
from training.evaluate.markdown import to_markdown
from training.evaluate.result import REPORT, Evaluation, Measured
from training.evaluate.store import Store
from training.evaluate.tables import tables
from training.evaluate.verdict import Limits, Scores, judge
from training.finetune.errors import storage_kind
from training.score import NORMALIZERS, ClipScore, ErrorCount, score_clip

if TYPE_CHECKING:
    from training.evaluate.listen import Candidate, Listener, Texts


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be evaluated.

    Attributes:
        clips: to be heard; each `EvaluationClip.id` once. Those that one of the adapters learnt
            from are left out.
        new: the adapter in question.
        current: the adapter in use, if there is one.
        routed: judge the new adapter behind its router, as it would be used; otherwise always on.
        limits: what a promotion asks for.
        normalizer: a name of `training.score.NORMALIZERS`.
        left_out: sentences about clips that could not be used, for the report.
    """

    clips: Sequence[EvaluationClip]
    new: "Candidate"
    current: "Candidate | None" = None
    routed: bool = True
    limits: Limits = field(default_factory=Limits)
    normalizer: str = "bench"
    left_out: tuple[str, ...] = ()


def evaluate(request: Request, listener: "Listener", out: Path) -> Evaluation:
    """Evaluates, and writes the report to a folder; what was heard there before is not heard again.

    Args:
        request: what is to be evaluated.
        listener: how clips are listened to.
        out: gets ``hypotheses.jsonl``, ``probabilities.jsonl``, ``report.json``, ``report.md`` and
            ``report.html``.

    Raises:
        UsageError: no clips, or none that the adapters did not learn from; or the routed adapter
            has no router.
        WildscribeError: as `Listener.listen` raises.
    """
    candidates = [*([request.current] if request.current else []), request.new]
    clips, learnt = without_learnt(request.clips, candidates)
    request = replace(request, clips=clips, left_out=(*request.left_out, *learnt))
    if not request.clips:
        raise UsageError(
            " ".join(("There are no clips to evaluate on.", *learnt)),
            remedy="See what was left out, and why.",
        )
    if request.routed and request.new.router is None:
        raise UsageError(
            f"Neither {request.new.name} nor the model has a router.",
            remedy="Evaluate it always on: --always",
        )
    texts = listener.listen(request.clips, candidates, Store(out))
    evaluation = _evaluation(request, listener, candidates, texts)
    try:
        _write(out / "report.md", to_markdown(evaluation))
        _write(out / "report.html", to_html(evaluation))
        content = json.dumps(evaluation.to_json(), ensure_ascii=False, indent=2)
        _write(out / REPORT, content + "\n")
    except OSError as error:
        raise storage_kind(error)(
            f"The report could not be written to {out}: {error.strerror or error}.",
            "What was heard is kept.",
            "Make room and start again: only the report is made anew.",
        ) from error
    return evaluation


def _write(path: Path, text: str) -> None:
    """Leaves either the old file or the new one. Raises OSError."""
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(text, encoding="utf-8", newline="\n")
    partial.replace(path)


def _evaluation(
    request: Request,
    listener: "Listener",
    candidates: "Sequence[Candidate]",
    texts: "Texts",
) -> Evaluation:
    clips = request.clips
    roles = ["current", "new"][-len(candidates) :]
    columns = {"base": [heard.text for heard in texts.base]}
    measured = []
    for role, candidate, adapted, probabilities in zip(
        roles, candidates, texts.adapted, texts.degraded_probability, strict=True
    ):
        used: dict[str, float] = {}
        if probabilities is not None:
            on = [p >= candidate.threshold for p in probabilities]
            columns[f"{role} routed"] = [
                (there if is_on else here).text
                for here, there, is_on in zip(texts.base, adapted, on, strict=True)
            ]
            used = _shares(clips, on)
        columns[f"{role} always"] = [heard.text for heard in adapted]
        measured.append(_measured(role, candidate, used))
    rule = NORMALIZERS[request.normalizer]
    scored = {
        column: [
            score_clip(clip.text, text, clip.scored_as, rule)
            for clip, text in zip(clips, heard, strict=True)
        ]
        for column, heard in columns.items()
    }
    return Evaluation(
        model=listener.model.name,
        base_sha256=listener.base_sha256,
        data_sha256=data_sha256(clips),
        measured=tuple(measured),
        routed=request.routed,
        columns=tuple(columns),
        tables=tuple(tables(clips, scored, request.limits.bootstrap)),
        left_out=request.left_out,
        limits=request.limits,
        normalizer=request.normalizer,
        verdict=judge(_for_verdict(clips, scored, routed=request.routed), request.limits),
        created_at=now(),
        tool_versions=installed(TOOLS),
    )


def data_sha256(clips: Sequence[EvaluationClip]) -> str:
    """Identity of a set of clips, their contexts and words, whatever their order."""
    lines = sorted(f"{clip.key} {clip.language} {clip.text}\n" for clip in clips)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _measured(role: str, candidate: "Candidate", used: Mapping[str, float]) -> Measured:
    return Measured(
        role=role,
        name=candidate.name,
        adapter_sha256=adapter_sha256(candidate.adapter),
        router_sha256=file_sha256(candidate.router) if candidate.router else None,
        own_router=candidate.own_router,
        threshold=candidate.threshold,
        used=used,
        learnt_clips=len(candidate.learnt.clips) if candidate.learnt else None,
        learnt_in_full=candidate.learnt is not None and candidate.learnt.in_full,
    )


def _shares(clips: Sequence[EvaluationClip], on: Sequence[bool]) -> dict[str, float]:
    """Kind of clips -> share of them where ``on``."""
    shares = {}
    for group in Group:
        here = [is_on for clip, is_on in zip(clips, on, strict=True) if clip.group is group]
        if here:
            shares[group.value] = round(sum(here) / len(here), 4)
    return shares


def _for_verdict(
    clips: Sequence[EvaluationClip], scored: Mapping[str, Sequence[ClipScore]], *, routed: bool
) -> dict[Group, Scores]:
    """The new adapter as it would be used, against the base and the current one as it is used."""
    others = {"base": "base"}
    if "current always" in scored:
        used = "current routed" if routed and "current routed" in scored else "current always"
        others["current"] = used
    found = {}
    for group in Group:
        places = [index for index, clip in enumerate(clips) if clip.group is group]

        def errors(column: str, places: Sequence[int] = places) -> list[ErrorCount]:
            return [scored[column][index].errors for index in places]

        if places:
            found[group] = Scores(
                new=errors("new routed" if routed else "new always"),
                others={name: errors(column) for name, column in others.items()},
                draws=[clips[index].draw for index in places],
            )
    return found
