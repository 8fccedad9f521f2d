"""`seco experiment`: studies of many runs, and the page of their results."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.options import PARAMS, Params

if TYPE_CHECKING:
    from seco.studies.definitions import Study

experiment = typer.Typer(
    help="Run studies (runs that differ in a few settings) and report their results.",
    no_args_is_help=True,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)

Seeds = Annotated[str, typer.Option("--seeds", help="Seeds of the training runs, separated by commas.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Runs at a time.")]
Change = Annotated[
    list[str] | None,
    typer.Option("--set-param", "-S", metavar="KEY=VALUE", help="Change a setting of all runs.", show_default="none"),
]
Dry = Annotated[bool, typer.Option("--dry", help="Only show what would run.", show_default="no")]
Results = Annotated[Path, typer.Option("--results", help="Folder of the results, a file a study.")]
File = Annotated[Path, typer.Option("--studies", help="File that defines the studies.")]

STUDIES = Path("experiments/studies.yaml")
RESULTS = Path("benchmarks/results")
CLONES = Path(".seco/experiments")


def _fixed(
    context: typer.Context,
    seeds: Seeds = "0,1,2",
    jobs: Jobs = 1,
    changes: Change = None,
    dry: Dry = False,
    results: Results = RESULTS,
    params: Params = PARAMS,
    studies: File = STUDIES,
) -> None:
    from seco.studies.definitions import Studies

    study = Studies(studies).fixed(context.info_name or "")
    _run(study, params, seeds=seeds, jobs=jobs, changes=changes or (), dry=dry, results=results)


experiment.command("ablation", help="Run SeCo without each of its parts (Table 2).")(_fixed)
experiment.command("rivals", help="Run SeCo, ToCo, baseline and full supervision (Tables 3 to 5).")(_fixed)


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
    """Run SeCo with one setting at several values."""
    from seco.storage.yaml_file import read_yaml
    from seco.studies.definitions import Studies
    from seco.studies.settings import changed, read_changes

    study = Studies(studies).sweep(name, changed(read_yaml(params), read_changes(changes or ())))
    _run(study, params, seeds=seeds, jobs=jobs, changes=changes or (), dry=dry, results=results)


@experiment.command("list")
def list_studies(params: Params = PARAMS, studies: File = STUDIES) -> None:
    """List the studies and their numbers of runs per seed."""
    from seco.storage.yaml_file import read_yaml
    from seco.studies.definitions import Studies

    for study in Studies(studies).every(read_yaml(params)):
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
    """Write the tables and pictures of all studies into the results page."""
    from seco.storage.yaml_file import read_yaml
    from seco.studies.definitions import Studies
    from seco.studies.report import write_results_page

    written = write_results_page(
        Studies(studies),
        read_yaml(params),
        results=results,
        page=page,
        pictures=pictures,
        seed_split=seed_split,
        split=split,
    )
    typer.echo(f"{page} holds the results of {', '.join(written)}.")


def _run(
    study: "Study", params: Path, *, seeds: str, jobs: int, changes: Sequence[str], dry: bool, results: Path
) -> None:
    """Run what is not done of a study, write each result at once, and at the end name the runs that failed."""
    from contextlib import closing
    from functools import partial

    from seco.config.settings import check_settings
    from seco.errors import SecoError
    from seco.runtime.progress import progress
    from seco.storage.yaml_file import read_yaml
    from seco.studies.clones import run_in_clones
    from seco.studies.repository import Repository
    from seco.studies.results import add_rows, find_done, read_rows, require_comparable
    from seco.studies.runs import plan_runs
    from seco.studies.settings import change_text, read_changes, read_seeds

    repository, path = Repository(Path()), results / f"{study.name}.csv"
    check = partial(check_settings, source="its params.yaml")
    runs = plan_runs(study, read_yaml(params), seeds=read_seeds(seeds), extra=read_changes(changes), check=check)
    rows = read_rows(path)
    require_comparable(rows, runs, path=path)
    done = find_done(runs, rows, repository)
    pending = [run for run in runs if run.name not in done]
    typer.echo(f"{study.command}: {len(runs)} runs, of which {len(done)} are done.")
    if dry:
        for run in pending:
            typer.echo(f"{run.name}: {change_text(run.changes)}")
        return
    failures: list[str] = []
    if pending:
        repository.require_clean()
        with progress(study.name, total=len(pending)) as count:
            ends = run_in_clones(pending, repository, folder=CLONES, jobs=jobs, on_progress=partial(count, 0))
            with closing(ends):
                for end in ends:
                    if end.row is None:
                        failures.append(f"{end.run.name}: {end.error} ({end.log})")
                    else:
                        add_rows(path, [end.row])
                    typer.echo(f"{end.run.name}: {f'failed: {end.error}' if end.error else 'done'}")
                    count(1)
    if failures:
        others = f"; {path} holds the others" if len(failures) < len(runs) else ""
        raise SecoError("\n  ".join([f"{len(failures)} of {len(runs)} runs failed{others}:", *failures]))
    typer.echo(f"{path} holds {len(runs)} runs; `seco experiment report` makes tables of them.")
