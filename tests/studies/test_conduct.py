"""Studies by DVC itself, in a project of one stage that takes no time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seco.errors import SecoError
from seco.studies.conduct import Plan, conduct, data_outside, keep_results, look_for_results
from seco.studies.execution import Ended
from seco.studies.repository import Repository
from seco.studies.results import read_rows
from tests.studies.place import execution, notes, run_of
from tests.studies.repositories import commit, write
from tests.studies.rows import row


def conducted(place: Path, *values: int, tell: Callable[[Ended], None] = lambda ended: None) -> Plan:
    """Run what is not done of a study of some values, one after the other."""
    repository = Repository(place)
    plan = look_for_results([run_of(value) for value in values], repository)
    results = place / "results/study.csv"
    keep_results(plan, results)
    return conduct(plan, repository=repository, execution=execution(place, jobs=1), results=results, tell=tell)


def begun(place: Path) -> set[str]:
    return {name.split("-")[1] for name in notes(place) if name.startswith("begun")}


def found_in(place: Path) -> dict[str, float]:
    return {row.variant: row.metrics["found"] for row in read_rows(place / "results/study.csv")}


@pytest.mark.slow
def test_what_is_done_is_taken_and_what_is_not_is_run(place):
    write(place, {"docs/results.md": "text of one's own\n"})
    assert [row.metrics["found"] for row in conducted(place, 2).rows] == [4]
    commit(place)  # of documents: the code is the same
    for note in (place / "notes").read_text().split():
        (Path(note) / "begun-2-1").unlink()
    plan = conducted(place, 3, 2)
    assert begun(place) == {"3"}
    assert plan.pending == []
    assert [row.metrics["found"] for row in plan.rows] == [6, 4]
    assert found_in(place) == {"2": 4, "3": 6} == {row.variant: row.metrics["found"] for row in plan.rows}
    assert {row.commit for row in plan.rows if row.variant == "3"} == {Repository(place).head[:7]}


@pytest.mark.slow
def test_a_run_that_fails_is_told_and_the_results_of_the_others_are_kept(place):
    told: list[Ended] = []
    plan = conducted(place, 13, 2, tell=told.append)
    assert [(ended.run.name, ended.fault) for ended in told] == [
        ("study-13", "13 is no good number"),
        ("study-2", None),
    ]
    assert [run.name for run in plan.pending] == ["study-13"]
    assert found_in(place) == {"2": 4}


@pytest.mark.slow
def test_a_study_that_was_stopped_goes_on_where_it_was(place):
    def stop(ended: Ended) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        conducted(place, 2, 3, tell=stop)
    assert found_in(place) == {"2": 4}
    told: list[Ended] = []
    conducted(place, 2, 3, tell=told.append)
    assert [ended.run.name for ended in told] in (["study-3"], [])  # none where it ended before it could be stopped
    assert found_in(place) == {"2": 4, "3": 6}


def test_what_a_file_of_results_holds_is_not_run_where_dvc_knows_no_experiment(place):
    repository = Repository(place)
    kept = row("2", 0, changes="value=2")._replace(commit=repository.head[:7])
    plan = look_for_results([run_of(2), run_of(3)], repository, [kept])
    assert [run.name for run in plan.pending] == ["study-3"]
    assert plan.rows == [kept]


def test_nothing_begins_where_code_is_not_committed(place):
    write(place, {"seco/a.py": "a = 2\n"})
    with pytest.raises(SecoError, match=r"^seco/a.py changed since the last commit, which the results are to name"):
        conducted(place, 2)
    assert notes(place) == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("is_committed", "told"),
    [(True, "the commit and its code changed while the study ran"), (False, "seco/a.py changed since the last commit")],
)
def test_a_study_ends_when_its_code_is_changed_on_the_way(place, is_committed, told):
    def edit(ended: Ended) -> None:
        write(place, {"seco/a.py": "a = 2\n"})
        if is_committed:
            commit(place)

    with pytest.raises(SecoError, match=told):
        conducted(place, 2, 3, 4, tell=edit)  # 3 may have begun before the edit
    assert found_in(place).keys() in ({"2"}, {"2", "3"})


def test_the_data_are_found_where_they_lie_unless_dvcs_copy_has_them(place):
    write(place, {".gitignore": "/data/raw\n", "data/own/image": "x", "data/raw/voc/image": "x"})
    repository = Repository(place)

    def outside(root: str) -> dict:
        return dict(data_outside({"dataset": {"root": root}}, repository))

    assert outside("data/raw/voc") == {"prepare.root": str(place / "data/raw/voc")}
    assert outside("data/own") == {}, "git has it"
    assert outside("/disk/voc") == {}, "the same from everywhere"
    pipeline = (place / "dvc.yaml").read_text() + "  draw: {cmd: draw, outs: [data/raw/demo]}\n"
    write(place, {"dvc.yaml": pipeline})
    assert outside("data/raw/demo") == {}, "a stage makes it"
