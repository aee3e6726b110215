"""What a report says about an adapter, read back before it is put to use."""

import json
from dataclasses import dataclass
from pathlib import Path

from training.adapters.errors import AdapterError, PromotionRefusedError
from training.evaluate.result import FORMAT_VERSION, REPORT


@dataclass(frozen=True, slots=True)
class Evidence:
    """The end of a report.

    Attributes:
        promoted: the verdict lets the adapter pass.
        headline: of the verdict.
        reasons: of the verdict.
        adapter_sha256: of the adapter it is about.
        router_sha256: of the router behind which it was judged; None when it was always on.
    """

    promoted: bool
    headline: str
    reasons: tuple[str, ...]
    adapter_sha256: str
    router_sha256: str | None


def read_evidence(folder: Path) -> Evidence:
    """Reads the report in a folder.

    Raises:
        AdapterError: there is none, or it is damaged or of a version not known here.
    """
    path = folder / REPORT
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format_version"] != FORMAT_VERSION:
            raise ValueError(f"version {content['format_version']} is not known here")
        verdict, new = content["verdict"], content["measured"]["new"]
        return Evidence(
            promoted=verdict["promoted"] is True,
            headline=str(verdict["headline"]),
            reasons=tuple(map(str, verdict["reasons"])),
            adapter_sha256=str(new["adapter_sha256"]),
            router_sha256=new["router_sha256"] if content["routed"] else None,
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise AdapterError(
            f"{path} is no report of an evaluation: {error}.",
            "Nothing was changed.",
            "Make one: wildscribe evaluate --new ADAPTER --data CLIPS --out FOLDER",
        ) from error


def require_promotion(evidence: Evidence, adapter_sha256: str, router_sha256: str | None) -> None:
    """Lets an adapter pass only with a verdict about it that says so.

    Args:
        evidence: the report.
        adapter_sha256: of the adapter to be put to use.
        router_sha256: of its own router; None when it has none and the model's decides.

    Raises:
        AdapterError: the report is about another adapter, or another router.
        PromotionRefusedError: the verdict is against it.
    """
    other_router = router_sha256 is not None and evidence.router_sha256 not in (None, router_sha256)
    if evidence.adapter_sha256 != adapter_sha256 or other_router:
        raise AdapterError(
            "The report is about another adapter or another router.",
            "Nothing was changed.",
            "Evaluate this one first.",
        )
    if not evidence.promoted:
        raise PromotionRefusedError(
            f"{evidence.headline} {' '.join(evidence.reasons)}",
            "Nothing was changed.",
            "Insist with --even-so, if you know better than these figures.",
        )
