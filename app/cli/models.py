"""``wildscribe models``: what is on this computer, whether it is whole, and bringing more."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import Console, size_text, table
from engine.errors import HashMismatchError

app = typer.Typer(
    help="List, verify and import models.", rich_markup_mode=None, no_args_is_help=True
)


@app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show every model that is here, or that could be."""
    from engine.models import catalogue

    console = Console.standard()
    entries = catalogue()
    if as_json:
        console.json(
            [
                {
                    "name": entry.name,
                    "title": entry.title,
                    "description": entry.description,
                    "path": None if entry.path is None else str(entry.path),
                    "size_bytes": entry.size_bytes,
                    "shipped": entry.shipped,
                }
                for entry in entries
            ]
        )
        return
    for entry in entries:
        state = "not here" if entry.path is None else size_text(entry.size_bytes)
        console.result(f"{entry.name}  ({state})\n  {entry.title}\n  {entry.description}")
        if entry.path is not None:
            console.result(f"  {entry.path}")


@app.command()
def verify(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A name or a folder.")] = "mini",
) -> None:
    """Compare every file of a model with the checksums recorded for it.

    Exits with 4 when a file is damaged or missing.
    """
    from engine.models import verify as compare

    words = {True: "ok", False: "DAMAGED", None: "no checksum"}
    files = compare(model)
    rows = [
        (
            words[file.ok] if file.sha256 else "MISSING",
            size_text(file.size_bytes),
            file.sha256[:16],
            file.path.as_posix(),
        )
        for file in files
    ]
    Console.standard().result(table(rows, right=frozenset({1})))
    wrong = [file.path.as_posix() for file in files if file.ok is False]
    if wrong:
        raise HashMismatchError(
            f"{len(wrong)} of {len(files)} files are not what they were: {', '.join(wrong)}.",
            "Nothing was changed.",
            "Get these files again from where the model came from.",
        )


@app.command("import")
def import_model(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A model in any known layout.")],
    name: Annotated[
        str | None, typer.Option(help="What to call it; by default the folder's own name.")
    ] = None,
) -> None:
    """Copy a model folder to where Wildscribe finds it by name."""
    from engine.models import import_folder

    console = Console.standard()
    with console.progress(folder.name) as bar:
        copy = import_folder(folder, name, on_progress=bar.update_bytes)
    console.note(f"Imported; use it with: --model {copy.name}")
    console.result(str(copy))
