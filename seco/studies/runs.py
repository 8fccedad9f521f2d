"""The runs of a study: a variant and a seed each."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from seco.errors import SecoError
from seco.studies.definitions import Study, Variant
from seco.studies.settings import changed, digest


class StudyRun(NamedTuple):
    """One run of the pipeline.

    Attributes:
        name: of DVC's experiment.
        changes: what it changes in params.yaml, its seed included.
        settings: params.yaml with these changes.
        common: digest of the settings that all runs of the study share, before any variant's changes.
    """

    name: str
    study: str
    variant: Variant
    seed: int
    changes: Mapping[str, Any]
    settings: Mapping[str, Any]
    common: str


def plan_runs(
    study: Study,
    settings: Mapping[str, Any],
    *,
    seeds: Sequence[int],
    extra: Mapping[str, Any],
    check: Callable[[Mapping[str, Any]], object],
) -> list[StudyRun]:
    """Return every run of a study, those of the first seed first.

    Args:
        settings: those of params.yaml.
        extra: changes for all runs; a variant's own changes override them.
        check: raises SecoError where the settings of a run are invalid.

    Raises:
        SecoError: the settings of a run are invalid.
    """
    runs, common = [], digest(changed(settings, extra))
    for seed in seeds:
        for variant in study.variants:
            name = f"{study.name}-{_slug(variant.name)}-s{seed}"
            changes = {**extra, **variant.changes, "seed": seed}
            run = StudyRun(name, study.name, variant, seed, changes, changed(settings, changes), common)
            try:
                check(run.settings)
            except SecoError as error:
                raise SecoError(f"the run {name} is impossible: {error}") from error
            runs.append(run)
    return runs


def _slug(name: str) -> str:
    """Return a name of letters, digits and hyphens alone, as git wants it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
