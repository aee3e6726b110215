"""What a report says about an adapter, read back before it is put to use."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.checkpoint.folder import router_threshold
from training.adapters.entry import AdapterEntry
from training.adapters.errors import AdapterError, ForeignReportError, PromotionRefusedError
from training.adapters.fingerprint import adapter_sha256, file_sha256
from training.adapters.plain import plain
from training.evaluate.result import FORMAT_VERSION, REPORT


@dataclass(frozen=True, slots=True)
class AsJudged:
    """An adapter as a report has measured it.

    Attributes:
        adapter_sha256: of its weights and settings.
        router_sha256: of the router that it was measured behind; None without one. A report on
            adapters that are always on measures them behind their routers too, but judges without.
        own_router: that router came with the adapter, and is not the model's.
        threshold: degraded probability from which it was used.
    """

    adapter_sha256: str
    router_sha256: str | None
    own_router: bool
    threshold: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What of a report has a say in a promotion.

    Attributes:
        promoted: the verdict lets the adapter pass.
        headline: of the verdict.
        reasons: of the verdict.
        base_sha256: of the base model.
        routed: judged behind their routers; otherwise always on.
        new: the adapter that the verdict is about.
        current: the adapter in use that it was compared with, if any.
    """

    promoted: bool
    headline: str
    reasons: tuple[str, ...]
    base_sha256: str
    routed: bool
    new: AsJudged
    current: AsJudged | None


@dataclass(frozen=True, slots=True)
class Use:
    """A version in the library as it is, or would be, used.

    Attributes:
        name: for people: "clinic@2".
        base_sha256: of the model that it was made for.
        adapter_sha256: of its weights and settings.
        router_sha256: of its own router; None when it has none, and the model's decides.
        threshold: degraded probability from which it is used; None where the model says.
    """

    name: str
    base_sha256: str
    adapter_sha256: str
    router_sha256: str | None
    threshold: float | None

    @classmethod
    def of(cls, entry: AdapterEntry) -> "Use":
        """How a version is used.

        Raises:
            ModelError: its router's report is damaged.
        """
        threshold = entry.lineage.threshold
        if threshold is None and entry.router is not None:
            threshold = router_threshold(entry.router)
        return cls(
            entry.reference,
            entry.lineage.base_sha256,
            adapter_sha256(entry.path),
            file_sha256(entry.router) if entry.router else None,
            threshold,
        )


def read_evidence(folder: Path) -> Evidence:
    """Reads the report in a folder.

    Raises:
        AdapterError: there is none, or it is damaged or of a version not known here.
    """
    path = folder / REPORT
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format_version"] != FORMAT_VERSION:
            raise ValueError(f"version {content['format_version']!r} is not known here")
        verdict, measured = content["verdict"], content["measured"]
        return Evidence(
            promoted=verdict["promoted"] is True,
            headline=plain(verdict["headline"]),
            reasons=tuple(map(plain, verdict["reasons"])),
            base_sha256=str(content["base_sha256"]),
            routed=content["routed"] is True,
            new=_judged(measured["new"]),
            current=_judged(measured["current"]) if "current" in measured else None,
        )
    except (OSError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise AdapterError(
            f"{path} is no report of an evaluation: {plain(str(error))}.",
            "Nothing was changed.",
            "Make one: wildscribe evaluate --new ADAPTER --data CLIPS --out FOLDER",
        ) from error


def require_promotion(evidence: Evidence, new: Use, in_use: Use | None) -> None:
    """Lets an adapter pass only with a verdict that says so, about the adapter as it would be used.

    Args:
        evidence: the report.
        new: the version to be put to use.
        in_use: the version that it would replace; None when there is none. One that was made for
            another base cannot be compared with, and need not be.

    Raises:
        ForeignReportError: the report is about something else: another adapter or base, another
            router or threshold, another adapter in use, or about being always on where a router
            would decide.
        PromotionRefusedError: the verdict is against it.
    """
    foreign = _foreign(evidence, new, in_use)
    if foreign:
        against = f" --current {in_use.name}" if in_use else ""
        raise ForeignReportError(
            f"The report does not tell about {new.name} as it would be used: {'; '.join(foreign)}.",
            "Nothing was changed.",
            f"Evaluate it so: wildscribe evaluate --new {new.name}{against} --data CLIPS --out "
            "FOLDER. Or insist without a report: --even-so",
        )
    if not evidence.promoted:
        raise PromotionRefusedError(
            f"{evidence.headline} {' '.join(evidence.reasons)}",
            "Nothing was changed.",
            "Insist with --even-so, if you know better than these figures.",
        )


def _foreign(evidence: Evidence, new: Use, in_use: Use | None) -> list[str]:
    """What stands between the report and what would be put to use; nothing where they agree."""
    found = _differences(evidence.new, evidence.routed, new, "it")
    if evidence.base_sha256 != new.base_sha256:
        found.append("it is about another base model")
    if in_use is None or in_use.base_sha256 != new.base_sha256:
        return found
    if evidence.current is None:
        return [*found, f"{in_use.name} is in use, and it was not compared with that"]
    return [*found, *_differences(evidence.current, evidence.routed, in_use, "the adapter in use")]


def _differences(judged: AsJudged, routed: bool, use: Use, who: str) -> list[str]:
    if judged.adapter_sha256 != use.adapter_sha256:
        return [f"{who} is another adapter, not {use.name}"]
    found = []
    if not routed and (use.router_sha256 is not None or judged.router_sha256 is not None):
        found.append(f"{who} was judged always on, and a router would decide when it is used")
    elif use.router_sha256 is None and judged.own_router:
        found.append(f"{who} was judged behind a router that {use.name} does not have")
    elif use.router_sha256 not in (None, judged.router_sha256):
        found.append(f"{who} was judged behind another router")
    elif routed and use.threshold not in (None, judged.threshold):
        found.append(
            f"{who} was judged from a probability of {judged.threshold:g} on, and is used from "
            f"{use.threshold:g} on"
        )
    return found


def _judged(measured: Mapping[str, Any]) -> AsJudged:
    """Raises LookupError, TypeError or ValueError."""
    router = measured["router_sha256"]
    return AsJudged(
        adapter_sha256=str(measured["adapter_sha256"]),
        router_sha256=None if router is None else str(router),
        own_router=measured["own_router"] is True,
        threshold=float(measured["threshold"]),
    )
