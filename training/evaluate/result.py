"""An evaluation as plain data, and its JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.evaluate.verdict import Limits, Verdict
from training.score import Rate

FORMAT_VERSION = 2
"""1 did not say whose the routers were, nor what adapters learnt from."""

REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class Row:
    """Some of the clips.

    Attributes:
        label: what they have in common.
        rates: column -> what came of them; the columns of `Evaluation.columns`.
    """

    label: str
    rates: Mapping[str, Rate]

    @property
    def clips(self) -> int:
        """How many."""
        return next(iter(self.rates.values())).count


@dataclass(frozen=True, slots=True)
class Table:
    """The clips, sorted into rows by one property; those without it are in no row.

    Attributes:
        key: short name, for machines.
        title: for people.
        rows: only those with clips in them.
    """

    key: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """An adapter that was measured.

    Attributes:
        role: "current" or "new"; columns begin with it.
        name: for people.
        adapter_sha256: see `training.adapters.fingerprint.adapter_sha256`.
        router_sha256: of the router that decided; None without one.
        own_router: that router came with the adapter, and is not the model's.
        threshold: degraded probability from which the adapter was used.
        used: kind of clips -> share of them on which the router used it; empty without a router.
        learnt_clips: how many clips it is known to have learnt from; None when nothing is known.
        learnt_in_full: these are all.
    """

    role: str
    name: str
    adapter_sha256: str
    router_sha256: str | None
    own_router: bool
    threshold: float
    used: Mapping[str, float]
    learnt_clips: int | None
    learnt_in_full: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that a report shows.

    Attributes:
        model: name of the base model.
        base_sha256: of its weights.
        data_sha256: of all clips and their words.
        measured: the adapters.
        routed: whether the verdict is about the new adapter behind its router, or always on.
        columns: "base", then "current routed", "current always" and so on, what there is of them.
        tables: the results.
        left_out: why clips were left out, a sentence each.
        limits: what a promotion asked for.
        normalizer: rule by which texts were compared.
        verdict: the decision.
        created_at: ISO 8601, UTC.
        tool_versions: package -> version.
    """

    model: str
    base_sha256: str
    data_sha256: str
    measured: tuple[Measured, ...]
    routed: bool
    columns: tuple[str, ...]
    tables: tuple[Table, ...]
    left_out: tuple[str, ...]
    limits: Limits
    normalizer: str
    verdict: Verdict
    created_at: str
    tool_versions: Mapping[str, str]

    def table(self, key: str) -> Table:
        """One table. Raises StopIteration when there is none of that name."""
        return next(table for table in self.tables if table.key == key)

    @property
    def clips(self) -> int:
        """How many were compared."""
        return sum(row.clips for row in self.table("groups").rows)

    @property
    def new(self) -> Measured:
        """The adapter that the verdict is about."""
        return self.measured[-1]

    def to_json(self) -> dict[str, Any]:
        """Plain data. Rates and intervals in percent, as in `training.score.Rate`."""
        limits = self.limits
        return {
            "format_version": FORMAT_VERSION,
            "created_at": self.created_at,
            "verdict": self.verdict.to_json(),
            "model": self.model,
            "base_sha256": self.base_sha256,
            "data_sha256": self.data_sha256,
            "measured": {
                one.role: {
                    "name": one.name,
                    "adapter_sha256": one.adapter_sha256,
                    "router_sha256": one.router_sha256,
                    "own_router": one.own_router,
                    "threshold": one.threshold,
                    "used": dict(one.used),
                    "learnt_clips": one.learnt_clips,
                    "learnt_in_full": one.learnt_in_full,
                }
                for one in self.measured
            },
            "routed": self.routed,
            "limits": {
                "meant_for": [group.value for group in limits.meant_for],
                "clean_regression": limits.clean_regression,
                "fewest": limits.fewest,
                "level": limits.bootstrap.level,
                "resamples": limits.bootstrap.resamples,
                "seed": limits.bootstrap.seed,
            },
            "normalizer": self.normalizer,
            "columns": list(self.columns),
            "tables": {
                table.key: {
                    row.label: {name: rate.to_json() for name, rate in row.rates.items()}
                    for row in table.rows
                }
                for table in self.tables
            },
            "left_out": list(self.left_out),
            "tool_versions": dict(self.tool_versions),
        }
