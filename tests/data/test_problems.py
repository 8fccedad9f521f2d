import csv
from pathlib import Path

import pytest

from seco.data.problems import Problem, refuse, unknown_classes, write_problems
from seco.errors import SecoError


def test_the_first_twenty_problems_are_shown_and_the_rest_counted() -> None:
    problems = [Problem(Path("x"), f"fault {number}.") for number in range(23)]
    with pytest.raises(SecoError) as told:
        refuse(problems, listing=Path("p/problems.csv"))
    lines = str(told.value).splitlines()
    assert lines[0] == "the data has 23 problems:"
    assert lines[20:] == [
        "  fault 19.",
        "  … and 3 more",
        "  (all in p/problems.csv; `seco prepare --skip-bad` leaves them out)",
    ]


def test_no_problem_is_no_fault() -> None:
    refuse([], listing=Path("problems.csv"))


def test_all_problems_are_written_with_their_files(tmp_path: Path) -> None:
    problems = [Problem(Path(f"a, {number}.jpg"), f'it is "{number}"') for number in range(30)]
    with write_problems(tmp_path, problems).open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["file", "problem"]
    assert rows[1:] == [[f"a, {number}.jpg", f'it is "{number}"'] for number in range(30)]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("dinningtable", "did you mean 'diningtable'?"),
        ("Dog", "did you mean 'dog'?"),
        ("zebra", "choose one of 'diningtable', 'dog'"),
    ],
)
def test_an_unknown_class_gets_a_hint(name: str, hint: str) -> None:
    problem = unknown_classes(Path("a.csv"), "a.csv, line 3", [name], ["diningtable", "dog"])
    assert problem.sentence == f"a.csv, line 3: the class {name!r} is unknown: {hint}"
