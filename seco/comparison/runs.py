"""The runs that are compared: folders, revisions of git, and experiments of DVC."""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from seco.config.recipes import leaves
from seco.config.yaml_file import parse_yaml, read_yaml
from seco.errors import SecoError
from seco.scores.counts_file import COUNTS_FILE, StoredCounts, read_counts

_COUNTS, _PARAMS = f"reports/{COUNTS_FILE}", "params.yaml"


class Run(NamedTuple):
    """A run that was evaluated."""

    name: str
    """What the user calls it."""
    stored: StoredCounts
    """The counts of each image."""
    settings: dict[str, Any]
    """Values of params.yaml by dotted key; empty where the run has no such file."""


def read_run(name: str) -> Run:
    """Return a run by its name: a folder, else a revision or experiment of the project around.

    A folder is that of a project, or one that `seco evaluate` wrote.

    Raises:
        SecoError: there is no such run, or it was not evaluated.
    """
    folder = Path(name)
    return _run_in_folder(name, folder) if folder.is_dir() else _run_of_revision(name)


def _run_in_folder(name: str, folder: Path) -> Run:
    places = [folder / _COUNTS, folder / COUNTS_FILE]
    path = next((place for place in places if place.is_file()), places[0])
    settings = next((file for file in (folder / _PARAMS, folder.parent / _PARAMS) if file.is_file()), None)
    return Run(name, read_counts(path), {} if settings is None else dict(leaves(read_yaml(settings))))


def _run_of_revision(name: str) -> Run:
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
    return Run(name, stored, dict(leaves(parse_yaml(text, source=f"{_PARAMS} of the run {name}"))))
