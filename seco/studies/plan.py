"""The runs of a study: a variant and a seed each."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from seco.errors import SecoError
from seco.studies.settings import changed, digest
from seco.studies.studies import Changes, Study, Variant

Check = Callable[[Mapping[str, Any]], None]
"""Raises SecoError where settings are impossible."""


class Run(NamedTuple):
    """One run of the pipeline.

    Attributes:
        name: of DVC's experiment.
        changes: what it changes in params.yaml, its seed included.
        settings: what params.yaml then says.
        common: digest of what all runs of the study have, whatever their variant.
    """

    name: str
    study: str
    variant: Variant
    seed: int
    changes: Changes
    settings: Mapping[str, Any]
    common: str


def plan_runs(
    study: Study, settings: Mapping[str, Any], *, seeds: Sequence[int], extra: Changes, check: Check
) -> list[Run]:
    """Return every run of a study, those of the first seed first.

    Args:
        study: what to run.
        settings: what params.yaml says.
        seeds: of the training runs.
        extra: changes for all runs.
        check: looks at the settings of each.

    Raises:
        SecoError: the settings of a run are impossible.
    """
    runs, common = [], digest(changed(settings, extra))
    for seed in seeds:
        for variant in study.variants:
            changes = {**extra, **variant.changes, "seed": seed}
            run = Run(
                name=f"{study.name}-{_slug(variant.name)}-s{seed}",
                study=study.name,
                variant=variant,
                seed=seed,
                changes=changes,
                settings=changed(settings, changes),
                common=common,
            )
            try:
                check(run.settings)
            except SecoError as fault:
                raise SecoError(f"the run {run.name} cannot be: {fault}") from fault
            runs.append(run)
    return runs


def _slug(name: str) -> str:
    """Return a name of letters, digits and hyphens alone, as git wants it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
