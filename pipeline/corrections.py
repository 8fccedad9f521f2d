"""`seco corrections`: masks that somebody has corrected. No stage; `seco prepare` reads what it keeps."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.options import CORRECTIONS, PREPARED, Data

if TYPE_CHECKING:
    from seco.data.corrections.adding import Added

corrections = typer.Typer(help="Add, list or remove corrected masks, from which training learns.", no_args_is_help=True)

Folder = Annotated[Path, typer.Option("--folder", help="Folder of the corrected masks.")]


@corrections.command("add")
def add(
    source: Annotated[
        Path,
        typer.Argument(
            help="Folder of PNG masks named after their images, or an export of COCO, CVAT, Label Studio or labelme.",
            show_default=False,
        ),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace masks that were added before.", show_default="no")
    ] = False,
    scored: Annotated[
        bool,
        typer.Option("--scored", help="Accept images of splits that scores are measured on.", show_default="no"),
    ] = False,
    background: Annotated[
        bool,
        typer.Option("--background", help="Accept masks without a class of images with labels.", show_default="no"),
    ] = False,
    data: Data = PREPARED,
    folder: Folder = CORRECTIONS,
) -> None:
    """Check corrected masks and add them: all of them, or none."""
    from seco.data.corrections.adding import Rules, add_corrections
    from seco.data.corrections.sources import open_source
    from seco.runtime.progress import progress
    from seco.storage.manifest import read_manifest

    manifest = read_manifest(data)
    with open_source(source) as found, progress("corrections", len(found.masks)) as count:
        rules = Rules(replace=replace, scored=scored, background=background)
        added = add_corrections(folder, found, manifest, rules, progress=count.reach)
        untouched = found.untouched
    typer.echo(_summary(added, folder))
    if untouched:
        typer.echo(f"Left out, as nobody has annotated them: {untouched} images.")
    if added.new or added.replaced:
        _version(folder)


@corrections.command("list")
def list_corrections(folder: Folder = CORRECTIONS) -> None:
    """List the corrected masks and where they came from."""
    from rich.table import Column

    from seco.console.output import open_console, text_table
    from seco.storage.corrections import read_corrections

    known = read_corrections(folder)
    if not known:
        typer.echo(f"There is no corrected mask in {folder}.")
        return
    rows = ((row.id, row.source) for row in known.values())
    open_console(None).print(text_table([Column("image"), Column("from")], rows))


@corrections.command("remove")
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Images.", show_default=False)],
    folder: Folder = CORRECTIONS,
) -> None:
    """Remove the corrected masks of some images."""
    from seco.data.corrections.adding import remove_corrections

    remove_corrections(folder, ids)
    count = len(set(ids))
    typer.echo(f"Removed {count} corrected {'mask' if count == 1 else 'masks'} from {folder}.")
    _version(folder)


def _summary(added: "Added", folder: Path) -> str:
    same = f"{len(added.same)} were there already, the same"
    if not (added.new or added.replaced):
        return f"Nothing changed in {folder}: {same}."
    parts = [f"{len(added.new)} new", *([f"{len(added.replaced)} replaced"] if added.replaced else [])]
    return f"Added corrected masks to {folder}: {', '.join([*parts, *([same] if added.same else [])])}."


def _version(folder: Path) -> None:
    """Let DVC version the masks, where the project is a DVC repository, and say what to do next."""
    import subprocess
    import sys

    from seco.errors import SecoError
    from seco.storage.corrections import MASKS, TABLE

    files = f"{folder / TABLE} {folder / MASKS}.dvc {folder / '.gitignore'}"
    if Path(".dvc").is_dir():
        words = ("dvc", "add", str(folder / MASKS))
        done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip() or "no reason given").splitlines()[-1]
            remedy = f"run `{' '.join(words)}`"
            raise SecoError(f"{folder} has the masks, but DVC does not version them ({reason}): {remedy}")
        typer.echo(f"To commit them: git add {files}; git commit -m 'Corrected masks'")
    typer.echo("`dvc repro`, or `seco prepare` and `seco train`, learns from them.")
