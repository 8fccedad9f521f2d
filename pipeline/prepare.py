"""Stage `prepare`: check the data once and write the manifest that every later stage reads."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.options import CORRECTIONS, PARAMS, PREPARED, RESULTS, Params
from seco.storage.stage_records import recorded

if TYPE_CHECKING:
    from seco.config.sections import Prepare
    from seco.data.checks import CheckedDataset


@recorded("prepare")
def prepare(
    params: Params = PARAMS,
    output: Annotated[Path, typer.Option(help="Folder for the manifest.")] = PREPARED,
    cache: Annotated[
        Path, typer.Option(help="Folder for what the next run can reuse: masks made from outlines, facts about files.")
    ] = Path(".seco/prepare"),
    skip_bad: Annotated[
        bool | None,
        typer.Option(
            "--skip-bad/--strict",
            help="Leave images with problems out, or stop when there are any.",
            show_default="prepare.skip_bad of the settings",
        ),
    ] = None,
    corrections: Annotated[Path, typer.Option(help="Folder of the corrected masks.")] = CORRECTIONS,
) -> None:
    """Check the data set and write its manifest; problems.csv lists all problems."""
    from seco.config.requirements import require_every_stage
    from seco.config.settings import load_settings
    from seco.console.dataset import show_dataset
    from seco.data.plausibility import oddities
    from seco.data.prepare import linked_folders, write_dataset
    from seco.data.problems import refuse, write_problems
    from seco.storage.atomic import take_over

    settings = load_settings(params)
    section = settings.prepare
    root = Path(section.root)
    _require_apart(root, (output, corrections, *RESULTS))
    take_over(output)
    take_over(cache)
    dataset = _check_dataset(section, cache, corrections)
    listing = write_problems(output, dataset.problems)
    if not (section.skip_bad if skip_bad is None else skip_bad):
        refuse(dataset.problems, listing=listing)
    require_every_stage(settings, [item.record for item in dataset.images])
    statistics = write_dataset(output, dataset, root=root, mask_cache=cache / "masks")
    linked = linked_folders(root, dataset.images)
    notes = [*dataset.notes, *oddities(dataset)]
    show_dataset(statistics, class_names=dataset.class_names, linked=linked, notes=notes)


def _require_apart(root: Path, results: Iterable[Path]) -> None:
    """Raise a SecoError where a folder of results lies in the data folder or around it.

    Results would be read as data, and DVC refuses outputs that lie in what a stage depends on.
    """
    from seco.errors import SecoError

    place = root.resolve()
    for folder in results:
        if folder.resolve().is_relative_to(place) or place.is_relative_to(folder.resolve()):
            raise SecoError(
                f"prepare.root: the data folder {root} and {folder}, a folder of results, overlap: give the data a "
                "folder of its own, such as data/raw/NAME"
            )


def _check_dataset(section: "Prepare", cache: Path, corrections: Path) -> "CheckedDataset":
    """List the images, draw masks from outlines or colours, decode all files, and add corrected masks."""
    from seco.data.checks import FactsCache, check
    from seco.data.corrections.using import use_corrections
    from seco.data.dataset import read_dataset
    from seco.data.masks import draw_masks
    from seco.runtime.progress import progress

    with progress("prepare, lists") as advance:
        listing = read_dataset(
            Path(section.root),
            data_format=section.format,
            classes=section.classes,
            lists=section.lists,
            source=section.source,
            difficult=section.difficult is True,
            validation_share=section.validation_share,
            split_seed=section.split_seed,
            outside_root=section.outside_root,
            progress=advance.reach,
        )
        advance.begin("prepare, masks")
        listing = draw_masks(listing, cache=cache / "masks", progress=advance.reach)
        advance.begin("prepare, images")
        facts = FactsCache(cache, root=section.root)
        dataset = check(listing, cache=facts, progress=advance.reach)
        return use_corrections(dataset, corrections, cache=facts)
