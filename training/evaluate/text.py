"""Words and figures that the Markdown and the HTML report share."""

from training.evaluate.result import Evaluation, Measured, Table
from training.score import Rate

FAILURES = ("empty", "omission", "hallucination", "repetition", "any")


def percent(rate: Rate) -> str:
    """``12.3 (11.0 to 13.6)``: pooled rate and interval, %."""
    if rate.pooled.rate is None:
        return "no reference"
    shown = f"{100 * rate.pooled.rate:.2f}"
    if rate.interval is None:
        return shown
    return f"{shown} ({100 * rate.interval.low:.2f} to {100 * rate.interval.high:.2f})"


def rates(table: Table, columns: tuple[str, ...]) -> list[list[str]]:
    """A heading, then a row for each row: clips, and the rate of each column."""
    rows = [[table.title, "clips", *columns]]
    for row in table.rows:
        rows.append([row.label, str(row.clips), *(percent(row.rates[c]) for c in columns)])
    return rows


def edits(table: Table, columns: tuple[str, ...]) -> list[list[str]]:
    """Substitutions, deletions and insertions, and failures, of each row in each column."""
    rows = [
        [table.title, "system", "substitutions", "deletions", "insertions", "reference", *FAILURES]
    ]
    for row in table.rows:
        for column in columns:
            rate = row.rates[column]
            counts = (
                rate.pooled.substitutions,
                rate.pooled.deletions,
                rate.pooled.insertions,
                rate.pooled.reference_length,
            )
            failed = (getattr(rate.failures, kind) for kind in FAILURES)
            rows.append([row.label, column, *map(str, (*counts, *failed))])
    return rows


def facts(evaluation: Evaluation) -> list[list[str]]:
    """What was measured, and how: a heading, then name and value."""
    rows = [["what", "value"], ["base model", evaluation.model]]
    for one in evaluation.measured:
        used = ", ".join(f"{100 * share:.1f} % of {group}" for group, share in one.used.items())
        router = f"router from {one.threshold:g} on, uses it on {used}" if used else "no router"
        rows.append([f"{one.role} adapter", f"{one.name} ({one.adapter_sha256[:12]}); {router}"])
        rows.append([f"{one.role} adapter learnt from", learnt_from(one)])
    limits = evaluation.limits
    rows += [
        ["judged", "behind its router" if evaluation.routed else "always on"],
        ["meant for", " and ".join(limits.meant_for)],
        ["clean regression limit", f"{100 * limits.clean_regression:g} points"],
        [
            "intervals",
            f"{limits.bootstrap.level:.0%}, percentile bootstrap, {limits.bootstrap.resamples} "
            "draws; copies of one clip are drawn together",
        ],
        ["texts compared by", evaluation.normalizer],
        ["data", evaluation.data_sha256[:12]],
        ["made", evaluation.created_at],
        ["with", ", ".join(f"{k} {v}" for k, v in evaluation.tool_versions.items())],
    ]
    return rows


def learnt_from(one: Measured) -> str:
    """What is known of the clips that an adapter learnt from, and cannot be measured on."""
    if one.learnt_clips is None:
        return "not known: these clips may be among those"
    told = f"{one.learnt_clips} clips, which were left out here"
    if one.learnt_in_full:
        return told
    return f"{told}; and from others, by an adapter before it that does not tell which"
