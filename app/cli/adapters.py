"""``wildscribe adapters``: the library of adapters, and which of them are in use."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from app.cli.chosen import library
from app.cli.console import Console, size_text, table
from app.cli.transcribe import Model

if TYPE_CHECKING:
    from training.adapters import AdapterEntry

Reference = Annotated[
    str, typer.Argument(metavar="ADAPTER", help="NAME (the version in use) or NAME@VERSION.")
]

app = typer.Typer(
    help="List, share, promote and merge adapters.", rich_markup_mode=None, no_args_is_help=True
)


@app.command("list")
def list_adapters(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show every version of every adapter; * marks the one in use."""
    from training.adapters.plain import plain

    console = Console.standard()
    entries = library().entries()
    if as_json:
        console.json([_data(entry) for entry in entries])
    elif not entries:
        console.note("There are no adapters yet. `wildscribe adapters import FILE` brings one.")
    else:
        rows = [("", "adapter", "base", "made", "size", "licence")]
        for entry in entries:
            lineage = entry.lineage
            rows.append(
                (
                    "*" if entry.in_use else "",
                    entry.reference,
                    plain(lineage.base),
                    plain(lineage.created_at[:10]),
                    size_text(entry.size_bytes),
                    plain(lineage.licence or "not said"),
                )
            )
        console.result(table(rows, right=frozenset({4})))


@app.command()
def show(
    adapter: Reference,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show where an adapter comes from, and when it was put to use."""
    from training.adapters.plain import plain

    console = Console.standard()
    entry = library().find(adapter)
    steps = library().history(entry.name)
    if as_json:
        console.json(_data(entry) | {"history": [asdict(step) for step in steps]})
        return
    state = "in use" if entry.in_use else "not in use"
    lines = [f"{entry.reference}  ({state}, {size_text(entry.size_bytes)})", f"  {entry.path}"]
    for name, value in _data(entry)["lineage"].items():
        if value not in (None, "", {}, ()) and value is not False:
            lines.append(f"  {name}: {_words(value)}")
    lines += [
        f"  {step.at}: {step.event} {step.version}, {step.because}"
        + (" (insisted)" if step.insisted else "")
        for step in steps
    ]
    console.result("\n".join(map(plain, lines)))


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for: clinic, podcast.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A run, or a PEFT adapter.")],
    model: Model = "mini",
    licence: Annotated[str, typer.Option(help="On what terms it may be used.")] = "",
) -> None:
    """Take an adapter into the library, as the next version.

    A run tells where its adapter comes from, which clips it learnt from, and brings its router and
    threshold; so do the files lineage.json, learnt.txt and router.safetensors beside an adapter.
    """
    from engine.checkpoint.fingerprint import base_sha256
    from engine.models import located
    from training.adapters import Lineage
    from training.adapters.from_run import adapter_of, learnt_of
    from training.adapters.library import require_base
    from training.adapters.lineage import FILE, read_lineage
    from training.adapters.plain import plain
    from training.finetune.run import Run

    console = Console.standard()
    if (folder / "config.toml").is_file():
        folder, lineage = adapter_of(Run(folder))
    else:
        base = located(model)
        lineage = Lineage(base=base.name, base_sha256=base_sha256(base), licence=licence)
        if (folder / FILE).is_file():
            made_for, lineage = lineage.base_sha256, read_lineage(folder)
            require_base(lineage, made_for, str(folder))
    if licence:
        if lineage.licence not in ("", licence):
            console.note(f"Its licence was: {plain(lineage.licence)}.")
        lineage = replace(lineage, licence=licence)
    added = library().add(name, folder, lineage, learnt=learnt_of(folder))
    console.result(added.reference)


@app.command()
def export(
    adapter: Reference,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Where to.")] = None,
) -> None:
    """Write an adapter as one file, to give to somebody else."""
    from training.adapters.archive import SUFFIX, export_adapter

    entry = library().find(adapter)
    path = file or Path(f"{entry.name}-{entry.version}{SUFFIX}")
    digest = export_adapter(entry, path)
    console = Console.standard()
    console.note(f"{entry.reference} is in {path}.")
    console.result(f"{digest}  {path}")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What export wrote.")],
    name: Annotated[
        str | None, typer.Option(help="What to call it; by default as it was exported.")
    ] = None,
) -> None:
    """Take an exported adapter into the library. It is not put to use."""
    from training.adapters.archive import import_adapter
    from training.adapters.plain import plain

    entry = import_adapter(library(), file, name)
    console = Console.standard()
    terms = plain(entry.lineage.licence or "not said")
    console.note(f"Imported, for {plain(entry.lineage.base)}; licence: {terms}.")
    console.result(entry.reference)


@app.command()
def promote(
    adapter: Reference,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="What `wildscribe evaluate` wrote about it."),
    ] = None,
    even_so: Annotated[
        bool, typer.Option("--even-so", help="Against the verdict, or without one.")
    ] = False,
) -> None:
    """Put a version to use, if its evaluation says that it is better."""
    from engine.errors import UsageError
    from training.adapters.errors import PromotionRefusedError
    from training.evaluate.evidence import Use, read_evidence, require_promotion

    console = Console.standard()
    entry = library().find(adapter)
    if entry.in_use:
        console.result(f"{entry.name} means {entry.reference} already.")
        return
    entry.verify()
    if report is None and not even_so:
        raise UsageError(
            "Nothing shows that this adapter is better.",
            "Nothing was changed.",
            "Name its evaluation with --report, or insist with --even-so.",
        )
    because, insisted = "no evaluation was given", True
    if report is not None:
        evidence = read_evidence(report)
        before = library().current(entry.name)
        because = evidence.headline
        try:
            require_promotion(evidence, Use.of(entry), Use.of(before) if before else None)
            insisted = False
        except PromotionRefusedError as refused:
            if not even_so:
                raise
            console.note(f"You insist against this verdict: {refused.what}")
    elif even_so:
        console.note("You insist: nobody has measured whether this adapter helps or harms.")
    library().promote(entry, because, insisted=insisted)
    console.result(f"{entry.name} now means {entry.reference}.")
    if insisted:
        console.note(f"To take it back: wildscribe adapters rollback {entry.name}")


@app.command()
def rollback(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An adapter.")],
    because: Annotated[str, typer.Option(help="Why, for the history.")] = "not said",
) -> None:
    """Take the version in use out of it; the one before comes back."""
    entry = library().roll_back(name, because)
    now = f"{name} now means {entry.reference}." if entry else f"No version of {name} is in use."
    Console.standard().result(now)


@app.command()
def merge(
    adapter: Reference,
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="The new model; must not exist.")],
    model: Model = "mini",
    layout: Annotated[
        Literal["original", "native"],
        typer.Option(help="original: for vllm serve and qwen-asr; native: for transformers."),
    ] = "original",
) -> None:
    """Write base and adapter as one model, for programs that know no adapters."""
    from engine.checkpoint import BaseLayout
    from engine.checkpoint.fingerprint import base_sha256
    from engine.models import located
    from training.adapters.library import require_base
    from training.adapters.merge import merge as merged

    console = Console.standard()
    entry = library().find(adapter)
    base = located(model)
    require_base(entry.lineage, base_sha256(base), entry.reference)
    with console.progress(out.name) as bar:
        made = merged(base, entry.path, out, BaseLayout(layout), bar.update_count)
    console.note(
        f"{made.modules} modules changed; storing in the base's precision lost {made.lost:.1%} of "
        "the change."
    )
    console.result(str(made.path))


def _data(entry: "AdapterEntry") -> dict[str, Any]:
    return {
        "reference": entry.reference,
        "name": entry.name,
        "version": entry.version,
        "in_use": entry.in_use,
        "path": str(entry.path),
        "size_bytes": entry.size_bytes,
        "router": entry.router is not None,
        "lineage": asdict(entry.lineage),
    }


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_words, value))
    return str(value)
