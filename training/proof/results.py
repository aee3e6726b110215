"""What came of the proof, as plain data: ``results.json``, from which the page is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from engine.errors import StorageError

ALWAYS, ROUTED = "always", "routed"
ROUTES = (ALWAYS, ROUTED)

CLEAN, DEGRADED = "clean", "degraded"

BASE_RIGHT = "base without an error"
LEARNABLE = "base up to 70 %"
BEYOND = "base above 70 %"
BY_BASE = (BASE_RIGHT, LEARNABLE, BEYOND)
"""Degraded clips by what the base model makes of them; above 70 % WER the paper calls a clip
unlearnable, and drops it."""

PRESENT = "mini's adapter"
BEST = "the best of the rows"
FURTHER = "mini's adapter, trained further"

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One row on one set of clips. All rates in %.

    Attributes:
        wer: word error rate, pooled over clips, mean over seeds.
        low: end of its 95 % interval, by bootstrap over sentences; the seeds are taken as given.
        high: the other end.
        by_seed: word error rate of each seed.
        substitutions: for a hundred words that were said, mean over seeds.
        deletions: likewise.
        insertions: likewise.
        failures: kind of failure, and "any" -> share of the clips, mean over seeds.
    """

    wer: float
    low: float
    high: float
    by_seed: tuple[float, ...]
    substitutions: float
    deletions: float
    insertions: float
    failures: Mapping[str, float]

    @property
    def written(self) -> float:
        """Words written for a hundred that were said."""
        return 100.0 - self.deletions + self.insertions


@dataclass(frozen=True, slots=True)
class Learning:
    """How a run of reinforcement learning went.

    Attributes:
        steps: that were made.
        best_step: whose adapter was kept; 0 for the one it began with.
        first_reward: mean over the first tenth of the steps.
        last_reward: mean over the last tenth.
        skipped_share: of the groups, because all their rewards were equal, in [0, 1].
        repetition_share: of the rollouts in the last tenth of the steps that loop, in [0, 1].
    """

    steps: int
    best_step: int
    first_reward: float
    last_reward: float
    skipped_share: float
    repetition_share: float


@dataclass(frozen=True, slots=True)
class RowResult:
    """What came of a row.

    Attributes:
        row: value of `training.proof.plan.Row`.
        seeds: of its runs; none for the base.
        training_min: minutes on one core that the steps of each run took, without those of the
            row it goes on from.
        held_out_wer: of each seed behind the router, on held-out clips, %; what the best is
            chosen by.
        adapters: SHA-256 of each seed's adapter.
        learning: of each seed; empty for supervised rows.
        cells: route -> set -> figures.
    """

    row: str
    seeds: tuple[int, ...]
    training_min: tuple[float, ...]
    held_out_wer: tuple[float, ...]
    adapters: tuple[str, ...]
    learning: tuple[Learning, ...]
    cells: Mapping[str, Mapping[str, Cell]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The word error rate of a row less that of another, on the same clips, in points.

    Attributes:
        row: value of `training.proof.plan.Row`.
        other: likewise.
        route: of both; the base is the same on either.
        clips: name of the set.
        points: mean over pairs of seeds; below zero where `row` is better.
        low: end of the 95 % interval, by paired bootstrap over sentences.
        high: the other end.
        better_pairs: pairs of seeds in which `row` is better.
        pairs: of seeds.
    """

    row: str
    other: str
    route: str
    clips: str
    points: float
    low: float
    high: float
    better_pairs: int
    pairs: int

    @property
    def verdict(self) -> str:
        """ "better", "worse", or "not shown" where the interval holds zero."""
        if self.high < 0.0:
            return "better"
        return "worse" if self.low > 0.0 else "not shown"


@dataclass(frozen=True, slots=True)
class Contender:
    """An adapter and a router that could ship together. All rates behind the router, in %.

    Attributes:
        adapter: `PRESENT`, `BEST` or `FURTHER`.
        own_router: behind a router made for it; else behind the one that mini had.
        adapter_sha256: of its weights.
        router_sha256: likewise.
        threshold: degraded probability from which the adapter is used.
        passes: the verdict lets it ship; the present state needs none.
        verdict: on the held-out clips, by the rule for anybody's adapter; "" for the present state.
        held_out_wer: on held-out clips; of a router whose threshold comes from them, each half with
            the threshold of the other.
        clean_wer: on the clean test clips.
        degraded_wer: on the degraded test clips.
        clean_share: of the clean test clips, those that go to the adapter.
        degraded_share: of the degraded ones.
    """

    adapter: str
    own_router: bool
    adapter_sha256: str
    router_sha256: str
    threshold: float
    passes: bool
    verdict: str
    held_out_wer: float
    clean_wer: float
    degraded_wer: float
    clean_share: float
    degraded_share: float

    @property
    def is_present(self) -> bool:
        """Nothing changes."""
        return self.adapter == PRESENT and not self.own_router

    @property
    def name(self) -> str:
        """As the page calls it."""
        return f"{self.adapter}, {'a router of its own' if self.own_router else 'the same router'}"


@dataclass(frozen=True, slots=True)
class ClipSet:
    """How large a set of test clips is, and how much of it the router sends to the adapter."""

    clips: int
    words: int
    routed_share: float


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that the page shows, and every clip's errors.

    Attributes:
        format_version: of this file.
        created_at: ISO 8601, UTC.
        command: that made it.
        versions: package -> version.
        sha256: "base", "router", "sft", "rl", "test" -> of weights and of lists of clips.
        threshold: degraded probability from which the adapter is used.
        facts: what was learnt from, in words -> number.
        sets: name -> size, in the order of the tables.
        rows: in the paper's order.
        comparisons: of rows with their neighbours.
        best_row: with the lowest held-out word error rate behind the router.
        best_seed: likewise.
        further_row: of reinforcement learning; by which mini's adapter was trained further.
        contenders: what could ship.
        reference_words: words of each test clip, with spaces between.
        clip_sets: set of each test clip, by number in `sets`.
        routed: 1 for each test clip that the router sends to the adapter, else 0.
        errors: "base", "a2s-1" -> errors in each test clip, always on.
    """

    format_version: int
    created_at: str
    command: str
    versions: Mapping[str, str]
    sha256: Mapping[str, str]
    threshold: float
    facts: Mapping[str, float]
    sets: Mapping[str, ClipSet]
    rows: tuple[RowResult, ...]
    comparisons: tuple[Comparison, ...]
    best_row: str
    best_seed: int
    further_row: str
    contenders: tuple[Contender, ...]
    reference_words: str
    clip_sets: str
    routed: str
    errors: Mapping[str, str]

    def row(self, name: str) -> RowResult:
        """One row. Raises StopIteration when there is none of that name."""
        return next(row for row in self.rows if row.row == name)

    @property
    def ships(self) -> Contender:
        """Of those that may, the one with the lowest held-out word error rate."""
        return min((one for one in self.contenders if one.passes), key=lambda one: one.held_out_wer)


_FORM = TypeAdapter(Results)


def to_json(results: Results) -> str:
    """As text, for people to look at as well."""
    return _FORM.dump_json(results, indent=1).decode() + "\n"


def read_results(path: Path) -> Results:
    """What `to_json` gave, from a file.

    Raises:
        StorageError: it can't be read, or is damaged.
    """
    try:
        return _FORM.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise StorageError(
            f"{path} holds no results: {error}.",
            "Nothing was changed.",
            "Make them: python -m training.proof",
        ) from error
