"""The report as Markdown."""

from collections.abc import Sequence

from training.evaluate.result import Evaluation
from training.evaluate.text import edits, facts, rates


def to_markdown(evaluation: Evaluation) -> str:
    """The whole report; error rates in percent, intervals in brackets."""
    verdict = evaluation.verdict
    parts = [
        f"# Evaluation of {evaluation.new.name}",
        f"**{verdict.headline}**",
        "\n".join(f"- {_escaped(reason)}" for reason in verdict.reasons),
        markdown_table(facts(evaluation)),
        "Error rates in percent (words; characters where there are no spaces), with intervals.",
    ]
    for table in evaluation.tables:
        parts += [f"## {table.title}", markdown_table(rates(table, evaluation.columns))]
    groups = evaluation.table("groups")
    parts += ["## Edits and failures", markdown_table(edits(groups, evaluation.columns))]
    if evaluation.left_out:
        parts += ["## Left out", "\n".join(f"- {_escaped(why)}" for why in evaluation.left_out)]
    return "\n\n".join(parts) + "\n"


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """A heading and rows; all but the first column are aligned to the right."""
    heading, *body = [[_escaped(cell) for cell in row] for row in rows]
    marks = ["---", *("---:" for _ in heading[1:])] if len(heading) > 2 else ["---", "---"]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heading, marks, *body))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
