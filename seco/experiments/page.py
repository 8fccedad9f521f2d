"""The page of results: a section a study, made anew in place; what stands between them is left as it is."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from seco.experiments.results import Row
from seco.experiments.scores import Measures
from seco.experiments.studies import Study, Table
from seco.experiments.tables import class_table, cost_table, scores_table
from seco.reporting.tables import to_markdown

_TABLES: Mapping[Table, str] = {
    "scores": "Scores",
    "classes": "IoU in percent and, in brackets, the confusion ratio",
    "cost": "Time, and how near the scores are to full supervision's",
}
_HEAD = """# Results

Made by `seco experiment report` from the runs in `{results}`, a row each. Numbers are mean ± standard deviation over
seeds. A difference (Δ) is the mean of the differences to the reference on the same seeds; in brackets the 95 % interval
of a bootstrap over the seeds, which is too narrow where they are few.
"""


class Section(NamedTuple):
    """A section of the page."""

    study: str
    text: str


def compose_section(study: Study, rows: Sequence[Row], measures: Measures, *, picture: str) -> Section:
    """Return the section of a study: what it is, its tables and its picture (a path relative to the page)."""
    tables = [f"{_TABLES[name]}:\n\n{to_markdown(make_table(name, rows, measures))}" for name in study.tables]
    parts = [f"## {study.about}", _origin(study, rows, measures), *tables, f"![{study.about}]({picture})"]
    return Section(study.name, "\n\n".join(part.rstrip("\n") for part in parts))


def make_table(name: Table, rows: Sequence[Row], measures: Measures) -> pd.DataFrame:
    """Return one of a study's tables."""
    return {"scores": scores_table, "classes": class_table, "cost": cost_table}[name](rows, measures)


def put_sections(page: str, sections: Sequence[Section], *, results: str) -> str:
    """Return the page with these sections in place of their older selves; new ones come last."""
    page = page or _HEAD.format(results=results)
    for section in sections:
        begin, end = f"<!-- results of {section.study} -->", f"<!-- end of {section.study} -->"
        block = f"{begin}\n{section.text}\n{end}"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        page = (
            pattern.sub(lambda _, block=block: block, page) if pattern.search(page) else f"{page.rstrip()}\n\n{block}\n"
        )
    return page


def _origin(study: Study, rows: Sequence[Row], measures: Measures) -> str:
    seeds = ", ".join(map(str, sorted({row.seed for row in rows})))
    commits = ", ".join(dict.fromkeys(row.commit for row in rows))
    return (
        f"`seco experiment {study.command}`, seeds {seeds}, at commit {commits}. Segmentations of {measures.split}, "
        f"after the last refinement; CAM seeds of {measures.seeds}."
    )
