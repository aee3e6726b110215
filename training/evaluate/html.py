"""The report as one HTML file: nothing is loaded from elsewhere, readable in light and dark."""

from collections.abc import Sequence
from html import escape

from training.evaluate.result import Evaluation, Table
from training.evaluate.svg import Point, Series, dot_plot
from training.evaluate.text import FAILURES, edits, facts, rates
from training.score import Rate

_STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1a1a1a; --dim: #595959; --line: #d0d0d0;
  --good: #00623b; --bad: #a3231f; --s0: #444; --s1: #0067a5; --s2: #5b8db8; --s3: #b24a00;
  --s4: #8a6d00; }
@media (prefers-color-scheme: dark) { :root { --back: #16181c; --text: #e8e8e8; --dim: #a8adb5;
  --line: #3b4048; --good: #6fd6a4; --bad: #ff9a92; --s0: #c9c9c9; --s1: #6fb8ff; --s2: #a9cdf0;
  --s3: #ff9d5c; --s4: #e3c34f; } }
body { background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.25; } h2 { margin-top: 2.5rem; }
.verdict { border-left: .4rem solid var(--bad); padding: .2rem 1rem; }
.verdict.better { border-color: var(--good); } .verdict p { font-size: 1.2rem; margin: .4rem 0; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .875rem; }
caption { text-align: left; color: var(--dim); padding: .3rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
th[scope=row], th:first-child, .words td { text-align: left; font-weight: normal; }
.words td { white-space: normal; } thead th { font-weight: 600; }
figure { margin: 1.5rem 0; } figcaption { font-weight: 600; }
.key span { margin-right: 1.2rem; color: var(--dim); font-size: .875rem; white-space: nowrap; }
.key svg { vertical-align: -2px; }
svg text { fill: var(--text); font: 12px system-ui, sans-serif; } svg .label { text-anchor: end; }
svg .tick { text-anchor: middle; fill: var(--dim); } svg .grid { stroke: var(--line); }
svg .zero { stroke: var(--dim); } figure > svg { width: 100%; height: auto; }
""" + "\n".join(
    f".s{n} {{ fill: var(--s{n}); stroke: var(--s{n}); stroke-width: 1.5; }}" for n in range(5)
)


def to_html(evaluation: Evaluation) -> str:
    """The whole report."""
    verdict = evaluation.verdict
    title = f"Evaluation of {evaluation.new.name}"
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in verdict.reasons)
    kind = "better" if verdict.promoted else "refused"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<section class="verdict {kind}"><p><strong>{escape(verdict.headline)}</strong></p>'
        f"<ul>{reasons}</ul></section>",
        html_table("What was measured, and how", facts(evaluation), css="words"),
        *_differences(evaluation),
    ]
    for table in evaluation.tables:
        body += [
            f"<h2>{escape(table.title)}</h2>",
            _plot(table, evaluation.columns),
            html_table("Error rates in percent, with intervals", rates(table, evaluation.columns)),
        ]
    groups = evaluation.table("groups")
    body += [
        "<h2>Edits and failures</h2>",
        _failures(groups, evaluation.columns),
        html_table("Tokens, and clips that failed", edits(groups, evaluation.columns)),
    ]
    if evaluation.left_out:
        items = "".join(f"<li>{escape(why)}</li>" for why in evaluation.left_out)
        body.append(f"<h2>Left out</h2><ul>{items}</ul>")
    return page(title, "\n".join(body))


def page(title: str, body: str) -> str:
    """A page of its own; ``body`` is HTML."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main>{body}</main></body></html>\n"
    )


def _differences(evaluation: Evaluation) -> list[str]:
    """The comparisons that the verdict rests on: left of zero, the new adapter is better."""
    findings = [f for f in evaluation.verdict.findings if f.difference is not None]
    if not findings:
        return []
    labels = [f"{f.group} against {f.against}" for f in findings]
    points = [
        Point(100 * d.interval.estimate, 100 * d.interval.low, 100 * d.interval.high)
        for d in (f.difference for f in findings)
        if d is not None
    ]
    series = Series("difference", points)
    title = "New less other, in points: left of zero, the new adapter is better"
    return [dot_plot(title, labels, [series], "difference, points")]


def _plot(table: Table, columns: Sequence[str]) -> str:
    series = [
        Series(column, [_point(row.rates[column]) for row in table.rows]) for column in columns
    ]
    title = f"{table.title}: error rates with intervals"
    return dot_plot(title, [row.label for row in table.rows], series)


def _failures(table: Table, columns: Sequence[str]) -> str:
    labels = [f"{row.label}: {kind}" for row in table.rows for kind in FAILURES]
    series = [
        Series(
            column,
            [
                Point(100 * getattr(row.rates[column].failures, kind) / max(row.clips, 1))
                for row in table.rows
                for kind in FAILURES
            ],
        )
        for column in columns
    ]
    return dot_plot("Clips that failed", labels, series, "share of clips, %")


def _point(rate: Rate) -> Point | None:
    if rate.pooled.rate is None:
        return None
    if rate.interval is None:
        return Point(100 * rate.pooled.rate)
    return Point(100 * rate.pooled.rate, 100 * rate.interval.low, 100 * rate.interval.high)


def html_table(caption: str, rows: Sequence[Sequence[str]], css: str = "") -> str:
    """A heading and rows, in a region that scrolls where the page is too narrow."""
    heading, *body = rows
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in heading)
    lines = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in body
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="{css}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )
