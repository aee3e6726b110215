"""What is known about a router, for people: HTML with two plots, and Markdown."""

from collections.abc import Sequence
from html import escape

from training.evaluate.html import html_table, page
from training.evaluate.markdown import markdown_table
from training.routing.benefit import Benefit
from training.routing.plots import Line, xy_plot
from training.routing.recipe import RouterReport
from training.score import Interval


def to_html(report: RouterReport, benefit: Sequence[Benefit], adapter: str) -> str:
    """The whole page.

    Args:
        report: of the router.
        benefit: of the held-out clips.
        adapter: what the router was made for, for people.
    """
    title = f"Router of {adapter}"
    body = [
        f"<h1>{escape(title)}</h1><p>{escape(summary(report))}</p>",
        "<h2>Does the adapter help?</h2>",
        html_table("Held-out clips, heard on both routes", _benefit(benefit)),
        "<h2>Does the probability mean what it says?</h2>",
        _reliability(report),
        html_table("Held-out clips by probability, behind calibration", _bins(report)),
    ]
    if report.choice is not None:
        body += ["<h2>Where to draw the line</h2>", _curve(report)]
        body.append(html_table("Error rates on the held-out clips", _rates(report)))
    return page(title, "\n".join(body))


def to_markdown(report: RouterReport, benefit: Sequence[Benefit], adapter: str) -> str:
    """The same as Markdown, without the plots."""
    parts = [
        f"# Router of {adapter}",
        summary(report),
        "## Does the adapter help?",
        markdown_table(_benefit(benefit)),
        "## Does the probability mean what it says?",
        markdown_table(_bins(report)),
    ]
    if report.choice is not None:
        parts += ["## Where to draw the line", markdown_table(_rates(report))]
    return "\n\n".join(parts) + "\n"


def summary(report: RouterReport) -> str:
    """Two or three sentences."""
    words = (
        f"Trained on {report.clips} clips and judged on {report.held_out_clips} held-out ones. "
        f"Expected calibration error {report.after.error:.3f}, before calibration "
        f"{report.before.error:.3f}."
    )
    if report.accuracy is not None:
        words += f" Tells degraded from clean on {report.accuracy:.1%} of them."
    if report.choice is None:
        return f"{words} No clip says where to draw the line: the usual threshold."
    return (
        f"{words} From a probability of {report.threshold:.3f} on, the adapter is used: on "
        f"{report.choice.robust_share:.1%} of them."
    )


def _benefit(rows: Sequence[Benefit]) -> list[list[str]]:
    found = [["clips", "how many", "adapter better", "same", "worse", "saves, points of WER"]]
    for row in rows:
        same = row.clips - row.better - row.worse
        counts = map(str, (row.clips, row.better, same, row.worse))
        found.append([row.name, *counts, f"{row.saved_points:+.2f}"])
    return found


def _bins(report: RouterReport) -> list[list[str]]:
    rows = [["probability", "clips", "predicted", "observed", "share of weight"]]
    for part in report.after.bins:
        shares = (f"{share:.3f}" for share in (part.predicted, part.observed, part.weight))
        rows.append([f"{part.low:.1f} to {part.high:.1f}", str(part.clips), *shares])
    return rows


def _rates(report: RouterReport) -> list[list[str]]:
    choice = report.choice
    assert choice is not None
    rows = [["system", "error rate, % (interval)"]]
    for name in ("base", "robust", "routed"):
        rows.append([name, _percent(getattr(choice, name))])
    spread = f"{choice.threshold:.3f} ({choice.low:.3f} to {choice.high:.3f})"
    return [*rows, ["threshold", spread]]


def _percent(interval: Interval | None) -> str:
    if interval is None:
        return "-"
    low, high = 100 * interval.low, 100 * interval.high
    return f"{100 * interval.estimate:.2f} ({low:.2f} to {high:.2f})"


def _reliability(report: RouterReport) -> str:
    found = {"before calibration": report.before, "behind calibration": report.after}
    lines = [Line("a true probability", [(0.0, 0.0), (1.0, 1.0)], marks=False)]
    lines += [
        Line(name, [(part.predicted, part.observed) for part in table.bins])
        for name, table in found.items()
    ]
    return xy_plot(
        "Reliability: what the router predicted, and what came",
        lines,
        "predicted probability that the adapter is the better route",
        "observed",
    )


def _curve(report: RouterReport) -> str:
    choice = report.choice
    assert choice is not None
    routed = [(at, 100 * rate) for at, rate in choice.curve]
    # At 0 every clip goes to the adapter; from 1 on none does, but for those at 1.
    highest = max(rate for _, rate in routed)
    lines = [
        Line("routed", routed, marks=False),
        Line("chosen", [(choice.threshold, 0.0), (choice.threshold, highest)], marks=False),
    ]
    return xy_plot("Error rate by threshold", lines, "threshold", "error rate, %")
