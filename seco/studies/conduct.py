"""A study from its plan to its file of results: what is done is taken, what is not is run."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from dvc.api import DVCFileSystem

from seco.errors import SecoError
from seco.studies.execution import Ended, Execution
from seco.studies.plan import Run
from seco.studies.repository import Repository
from seco.studies.results import Row, find_done, find_rows, join, read_result, read_rows, write_rows
from seco.studies.settings import ROOT, look_up
from seco.studies.studies import Changes


class Plan(NamedTuple):
    """The runs of a study, and what of them is done."""

    runs: Sequence[Run]
    done: Mapping[str, Row]
    """By the name of the run."""

    @property
    def pending(self) -> list[Run]:
        """The runs that are not done."""
        return [run for run in self.runs if run.name not in self.done]

    @property
    def rows(self) -> list[Row]:
        """The results there are, in the order of the runs."""
        return [self.done[run.name] for run in self.runs if run.name in self.done]


def look_for_results(runs: Sequence[Run], repository: Repository, rows: Sequence[Row] = ()) -> Plan:
    """Return which of some runs are done: with the same code and settings, whatever commit they ran on.

    Args:
        runs: what is asked for.
        repository: whose experiments, kept by DVC, hold results.
        rows: of a file of results: what it holds needs no experiment, which a clone of the project does not have.
    """
    done: dict[str, Row] = find_rows(runs, rows, repository)
    experiments = find_done([run for run in runs if run.name not in done], repository)
    for run in runs:
        if run.name in experiments:
            done[run.name] = read_result(run, experiments[run.name], repository)
    return Plan(runs, done)


def keep_results(plan: Plan, results: Path) -> None:
    """Put the results there are into a file; what it holds of other variants and seeds stays."""
    if plan.rows:
        write_rows(results, join(read_rows(results), plan.rows))


def conduct(
    plan: Plan, *, repository: Repository, execution: Execution, results: Path, tell: Callable[[Ended], None]
) -> Plan:
    """Run what is not done, and write the results after each run, so that none is lost.

    Args:
        plan: what there is to do.
        repository: the project's.
        execution: what runs it.
        results: the file of results.
        tell: called with each run that has ended.

    Returns:
        The plan with what was found.

    Raises:
        SecoError: the code or the settings are not those of a commit, at the beginning or on the way.
    """
    repository.require_clean()
    found = dict(plan.done)
    with closing(execution.run(plan.pending)) as endings:
        for ended in endings:
            with execution.undisturbed():
                if ended.fault is None:
                    ended = _kept(ended, repository, found)
                keep_results(plan._replace(done=found), results)
            tell(ended)
    return plan._replace(done=found)


def data_outside(settings: Mapping[str, Any], repository: Repository) -> Changes:
    """Return where DVC's copy of the project finds the data: it holds what git or DVC track, and nothing else."""
    root = str(look_up(settings, ROOT))
    if Path(root).is_absolute() or not repository.ignores(root) or DVCFileSystem(str(repository.root)).isdvc(root):
        return {}
    return {ROOT: str((repository.root / root).resolve())}


def _kept(ended: Ended, repository: Repository, found: dict[str, Row]) -> Ended:
    """Take up the results of a run that ended well; raises SecoError where the project is another one now."""
    rows = look_for_results([ended.run], repository).done
    found.update(rows)
    if rows:
        return ended
    if repository.changed():
        raise SecoError("the commit and its code changed while the study ran: start it again")
    repository.require_clean()
    return ended._replace(fault="DVC kept no results of it")
