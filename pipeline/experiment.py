"""`seco experiment`: studies of many runs, and the page of what they say together."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipeline.options import PARAMS, Params

if TYPE_CHECKING:
    from seco.studies.conduct import Plan
    from seco.studies.execution import Ended
    from seco.studies.repository import Repository
    from seco.studies.studies import Study

experiment = typer.Typer(
    help="Studies: runs of the pipeline that differ in a few settings, as experiments of DVC, and their results.",
    no_args_is_help=True,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)

Seeds = Annotated[str, typer.Option("--seeds", help="Seeds of the training runs, with commas between.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Runs at a time.")]
Change = Annotated[
    list[str] | None,
    typer.Option("--set-param", "-S", metavar="KEY=VALUE", help="A setting of all runs.", show_default="params.yaml's"),
]
Dry = Annotated[bool, typer.Option("--dry", help="Only tell what would run.", show_default="no")]
Results = Annotated[Path, typer.Option("--results", help="Folder of the results, a file a study.")]
File = Annotated[Path, typer.Option("--studies", help="The studies that there are.")]

STUDIES = Path("experiments/studies.yaml")
RESULTS = Path("benchmarks/results")
LOGS = Path(".seco/experiments")


def _fixed(name: Literal["ablation", "rivals"]) -> Callable[..., None]:
    def command(
        seeds: Seeds = "0,1,2",
        jobs: Jobs = 1,
        changes: Change = None,
        dry: Dry = False,
        results: Results = RESULTS,
        params: Params = PARAMS,
        studies: File = STUDIES,
    ) -> None:
        from seco.studies.studies import Studies

        study = Studies(studies).fixed(name)
        _conduct(study, params, seeds=seeds, jobs=jobs, changes=changes or (), dry=dry, results=results)

    return command


experiment.command("ablation", help="What each part of SeCo brings (Table 2).")(_fixed("ablation"))
experiment.command("rivals", help="ToCo, baseline, full supervision (Tables 3 to 5).")(_fixed("rivals"))


@experiment.command()
def sweep(
    name: Annotated[str, typer.Argument(help="A sweep, as `seco experiment list` shows it.")],
    seeds: Seeds = "0,1,2",
    jobs: Jobs = 1,
    changes: Change = None,
    dry: Dry = False,
    results: Results = RESULTS,
    params: Params = PARAMS,
    studies: File = STUDIES,
) -> None:
    """One setting at several values."""
    from seco.config.yaml_file import read_yaml
    from seco.studies.settings import changed, read_changes
    from seco.studies.studies import Studies

    settings = changed(read_yaml(params), read_changes(changes or ()))
    study = Studies(studies).sweep(name, settings)
    _conduct(study, params, seeds=seeds, jobs=jobs, changes=changes or (), dry=dry, results=results)


@experiment.command("list")
def list_studies(params: Params = PARAMS, studies: File = STUDIES) -> None:
    """Show what studies there are, and how many runs each has a seed."""
    for study in _every_study(params, studies):
        typer.echo(f"{study.command:26} {len(study.variants):2} runs a seed  {study.about}")


@experiment.command()
def report(
    results: Results = RESULTS,
    page: Annotated[Path, typer.Option(help="Page to write the sections into.")] = Path("docs/results.md"),
    pictures: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("docs/images/results"),
    split: Annotated[str, typer.Option(help="Split whose segmentations are scored.")] = "val",
    seed_split: Annotated[str, typer.Option(help="Split whose CAM seeds are scored.")] = "train",
    params: Params = PARAMS,
    studies: File = STUDIES,
) -> None:
    """Make tables and pictures of all results, a section a study; what else the page says stays."""
    from seco.studies.report import Splits, write_report

    written = write_report(
        _every_study(params, studies),
        results=results,
        page=page,
        pictures=pictures,
        splits=Splits(seeds=seed_split, segmentations=split),
    )
    typer.echo(f"{page} holds the results of {', '.join(written)}.")


def _every_study(params: Path, path: Path) -> "list[Study]":
    from seco.config.yaml_file import read_yaml
    from seco.studies.studies import Studies

    studies, settings = Studies(path), read_yaml(params)
    sweeps = [studies.sweep(name, settings) for name in studies.sweeps]
    return [studies.fixed("ablation"), studies.fixed("rivals"), *sweeps]


def _conduct(
    study: "Study", params: Path, *, seeds: str, jobs: int, changes: Sequence[str], dry: bool, results: Path
) -> None:
    """Run what is not done of a study; at the end name the runs that failed."""
    from seco.config.settings import check_settings
    from seco.config.yaml_file import read_yaml
    from seco.errors import SecoError
    from seco.studies.conduct import keep_results, look_for_results
    from seco.studies.plan import plan_runs
    from seco.studies.report import results_file
    from seco.studies.repository import Repository
    from seco.studies.results import read_rows, require_comparable
    from seco.studies.settings import in_words, read_changes, read_seeds

    def check(values: Any) -> None:
        check_settings(values, source="its params.yaml")

    repository, path = Repository(Path()), results_file(results, study)
    runs = plan_runs(study, read_yaml(params), seeds=read_seeds(seeds), extra=read_changes(changes), check=check)
    rows = read_rows(path)
    require_comparable(rows, runs, path=path)
    plan = look_for_results(runs, repository, rows)
    typer.echo(f"{study.command}: {len(runs)} runs, of which {len(plan.done)} are done.")
    if dry:
        for run in plan.pending:
            typer.echo(f"{run.name}: {in_words(run.changes)}")
        return
    keep_results(plan, path)
    plan, faults = _run(plan, repository, jobs=jobs, path=path) if plan.pending else (plan, [])
    if faults:
        listing = "\n".join(f"  {fault}" for fault in faults)
        kept = f"; {path} holds the others" if plan.rows else ""
        raise SecoError(f"{len(faults)} of {len(runs)} runs failed{kept}:\n{listing}")
    typer.echo(f"{path} holds {len(plan.rows)} runs; `seco experiment report` makes tables of them.")


def _run(plan: "Plan", repository: "Repository", *, jobs: int, path: Path) -> "tuple[Plan, list[str]]":
    """Run what is not done and show how far it is; return what was found, and what went wrong."""
    from seco.runtime.progress import progress
    from seco.studies.conduct import conduct, data_outside
    from seco.studies.execution import Execution
    from seco.studies.watching import Watch

    faults: list[str] = []

    def tell(ended: "Ended") -> None:
        watch.end(ended.run)
        typer.echo(f"{ended.run.name}: {f'failed: {ended.fault}' if ended.fault else 'done'}")
        faults.extend([f"{ended.run.name}: {ended.fault} ({ended.log})"] if ended.fault else [])

    outside = data_outside(plan.runs[0].settings, repository)
    with progress(plan.runs[0].study, total=len(plan.pending)) as count:
        watch = Watch(count)
        execution = Execution(repository, logs=LOGS, jobs=jobs, extra=outside, hear=watch.hear)
        return conduct(plan, repository=repository, execution=execution, results=path, tell=tell), faults
