"""The runs that are compared: folders, revisions of git, and experiments of DVC."""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from seco.config.recipes import leaves
from seco.errors import SecoError
from seco.scores.counts_file import COUNTS_FILE, CountsKey, StoredCounts, read_counts
from seco.scores.image_counts import ImageCounts
from seco.storage.yaml_file import parse_yaml, read_yaml

_COUNTS, _PARAMS = f"reports/{COUNTS_FILE}", "params.yaml"


class Run(NamedTuple):
    """A run that was evaluated; of a training that was repeated with other seeds, all of them together."""

    name: str
    """What the user calls it."""
    seeds: tuple[StoredCounts, ...]
    """The counts of each image, for each seed."""
    settings: dict[str, str]
    """Values of params.yaml by dotted key, those of different seeds with commas; empty where there is no such file."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The foreground classes in id order."""
        return self.seeds[0].class_names

    def masks(self) -> list[CountsKey]:
        """Return the kinds of masks that were counted with every seed."""
        return [key for key in self.seeds[0].counts if all(key in seed.counts for seed in self.seeds)]

    def counts(self, key: CountsKey) -> list[ImageCounts]:
        """Return the counts of some masks for each seed."""
        return [seed.counts[key] for seed in self.seeds]


class _Seed(NamedTuple):
    stored: StoredCounts
    settings: dict[str, Any]


def read_run(name: str) -> Run:
    """Return a run by its name: a folder, else a revision or experiment of the project around; several with commas.

    A folder is that of a project, or one that `seco evaluate` wrote.

    Raises:
        SecoError: there is no such run, it was not evaluated, or several are of different classes.
    """
    found = [_run_in_folder(Path(part)) if Path(part).is_dir() else _run_of_revision(part) for part in name.split(",")]
    if len({seed.stored.class_names for seed in found}) > 1:
        raise SecoError(f"the runs {name} are of different classes: name seeds of the same data")
    keys = dict.fromkeys(key for seed in found for key in seed.settings)
    values = {key: dict.fromkeys(str(seed.settings.get(key, "–")) for seed in found) for key in keys}
    return Run(name, tuple(seed.stored for seed in found), {key: ", ".join(texts) for key, texts in values.items()})


def _run_in_folder(folder: Path) -> _Seed:
    places = [folder / _COUNTS, folder / COUNTS_FILE]
    path = next((place for place in places if place.is_file()), places[0])
    settings = next((file for file in (folder / _PARAMS, folder.parent / _PARAMS) if file.is_file()), None)
    return _Seed(read_counts(path), {} if settings is None else dict(leaves(read_yaml(settings))))


def _run_of_revision(name: str) -> _Seed:
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import NoSCM

    try:
        files = DVCFileSystem(".", rev=name)
        if isinstance(files.repo.scm, NoSCM):  # DVC would take what is here for any revision
            raise SecoError(f"there is no folder {name!r}, and revisions or experiments need a git repository around")
        if not files.exists(_COUNTS):
            raise SecoError(f"the run {name} has no {_COUNTS}: check it out and run `dvc repro evaluate`")
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / COUNTS_FILE
            files.get_file(_COUNTS, str(path))
            stored = read_counts(path, called=f"{_COUNTS} of the run {name}")
        text = str(files.read_text(_PARAMS)) if files.exists(_PARAMS) else "{}"
    except FileNotFoundError as error:
        raise SecoError(
            f"{_COUNTS} of the run {name} is not in DVC's cache: run `dvc fetch` or `dvc exp pull`"
        ) from error
    except DvcException as error:
        raise SecoError(
            f"there is no run {name!r}, neither a folder nor a revision or experiment here ({error}): `dvc exp list "
            "--all` shows the experiments"
        ) from error
    return _Seed(stored, dict(leaves(parse_yaml(text, source=f"{_PARAMS} of the run {name}"))))
