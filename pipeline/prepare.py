"""Stage `prepare`: check the data once and write the manifest that every later stage reads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.options import PARAMS, PREPARED, Params

if TYPE_CHECKING:
    from seco.config.settings import Settings
    from seco.data.preparing import Inspected


def prepare(
    params: Params = PARAMS,
    output: Annotated[Path, typer.Option(help="Folder for the manifest.")] = PREPARED,
    cache: Annotated[Path, typer.Option(help="Folder for what need not be done twice.")] = Path(".seco/prepare"),
    skip_bad: Annotated[
        bool | None,
        typer.Option(
            "--skip-bad/--strict",
            help="Leave images with problems out, or stop when there are any.",
            show_default="prepare.skip_bad of the settings",
        ),
    ] = None,
) -> None:
    """Check every image, label and mask, and write the manifest; problems.csv lists all problems."""
    from seco.config.settings import load_settings
    from seco.console.dataset import show_dataset
    from seco.data.preparing import linked_folders, write_dataset
    from seco.data.problems import refuse, write_problems
    from seco.storage.atomic import require_writable

    settings = load_settings(params)
    require_writable(output)
    inspected = _inspect(settings, cache)
    listing = write_problems(output, inspected.problems)
    if not (settings.prepare.skip_bad if skip_bad is None else skip_bad):
        refuse(inspected.problems, listing=listing)
    statistics = write_dataset(output, inspected, store=cache / "masks")
    show_dataset(
        statistics,
        class_names=inspected.class_names,
        linked=linked_folders(Path(settings.prepare.root), inspected.checked),
    )


def _inspect(settings: "Settings", cache: Path) -> "Inspected":
    """List the images, draw masks where there are outlines, and check all files."""
    from seco.data.checking import check
    from seco.data.drawing import draw_masks
    from seco.data.known_files import KnownFiles
    from seco.data.preparing import Inspected
    from seco.data.reading import read_dataset
    from seco.runtime.progress import progress

    with progress("prepare, lists") as advance:
        listed = read_dataset(
            Path(settings.prepare.root),
            data_format=settings.prepare.format,
            classes=settings.prepare.classes,
            lists=settings.prepare.lists,
            source=settings.prepare.source,
            difficult=settings.prepare.difficult is True,
            validation_share=settings.prepare.validation_share,
            split_seed=settings.prepare.split_seed,
            outside_root=settings.prepare.outside_root,
            progress=advance.reach,
        )
        names = tuple(listed.class_names)
        advance.begin("prepare, masks")
        drawn, undrawable = draw_masks(
            listed.candidates, class_names=names, store=cache / "masks", progress=advance.reach
        )
        advance.begin("prepare, images")
        known = KnownFiles(cache, subject=settings.prepare.root)
        checked, faulty = check(drawn, class_names=names, known=known, progress=advance.reach)
    return Inspected(checked, [*listed.problems, *undrawable, *faulty], names, listed.left_out)
