"""The page of results: a section a study, made anew in place; what stands between them is left as it is."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from seco.errors import SecoError
from seco.reporting.tables import to_markdown
from seco.studies.results import Row
from seco.studies.scores import Measures
from seco.studies.studies import Study, Table
from seco.studies.tables import class_table, cost_table, scores_table

_TABLES: Mapping[Table, str] = {
    "scores": "Scores; Δ is the difference to {reference} on the same seeds",
    "classes": "IoU in percent and, in brackets, the confusion ratio",
    "cost": "Time, and how near the scores come to full supervision's",
}
_HEAD = """# Results

Made by `seco experiment report` from the runs in `{results}`, a row each. Numbers are mean ± standard deviation over
seeds. A difference (Δ) is the mean of the differences on the same seeds; in brackets the 95 % interval of a bootstrap
over the seeds, which is too narrow where they are few. Where a class has false pixels and not one true, its confusion
ratio is infinite; means leave it out, and the tables count it.
"""

_MIXED = "**Some runs had other settings than the rest** (column `changes` of the results): compare them with care."


class Section(NamedTuple):
    """A section of the page."""

    study: str
    text: str


def compose_section(study: Study, rows: Sequence[Row], measures: Measures, *, pictures: Mapping[str, str]) -> Section:
    """Return the section of a study: what was compared, its tables, its pictures (by title: paths from the page)."""
    references = {row.reference for row in rows}
    reference = references.pop() if len(references) == 1 else "the reference at the same value"
    tables = [
        f"{_TABLES[name].format(reference=reference)}:\n\n{to_markdown(make_table(name, rows, measures))}"
        for name in study.tables
    ]
    images = [f"![{title}]({path})" for title, path in pictures.items()]
    parts = [f"## {study.about}", _origin(study, rows, measures), *tables, *images]
    return Section(study.name, "\n\n".join(part.rstrip("\n") for part in parts))


def make_table(name: Table, rows: Sequence[Row], measures: Measures) -> pd.DataFrame:
    """Return one of a study's tables."""
    return {"scores": scores_table, "classes": class_table, "cost": cost_table}[name](rows, measures)


def put_sections(page: str, sections: Sequence[Section], *, results: str) -> str:
    """Return the page with these sections in place of their older selves; new ones come last.

    Raises:
        SecoError: the lines that mark a section are not a pair any more.
    """
    page = page or _HEAD.format(results=results)
    for section in sections:
        begin, end = f"<!-- results of {section.study} -->", f"<!-- end of {section.study} -->"
        block = f"{begin}\n{section.text}\n{end}"
        old = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        found = (page.count(begin), page.count(end))
        if found == (0, 0):
            page = f"{page.rstrip()}\n\n{block}\n"
        elif found == (1, 1) and old.search(page):
            page = old.sub(lambda _, block=block: block, page)
        else:
            raise SecoError(f"the page has no pair of `{begin}` and `{end}`: mend these lines, or delete them all")
    return page


def _origin(study: Study, rows: Sequence[Row], measures: Measures) -> str:
    """Return what was compared, on which seeds and code, by which command, and where it was measured."""
    seeds = [str(seed) for seed in sorted({row.seed for row in rows})]
    commits = [*dict.fromkeys(row.commit for row in rows)]
    every = [_further_changes(study, row) for row in rows]
    changes = "".join(f" -S {word}" for word in every[0] if all(word in words for words in every))
    mixed = "" if all(words == every[0] for words in every) else f"\n\n{_MIXED}"
    return (
        f"{_compared(study, rows)}; seed{'s' * (len(seeds) > 1)} {_listed(seeds)}, at commit {_listed(commits)}.\n\n"
        f"```bash\nseco experiment {study.command} --seeds {','.join(seeds)}{changes}\n```\n\n"
        f"Segmentations are those of {measures.split} after the last refinement; CAM seeds and refined masks those of "
        f"{measures.seeds}."
        f"{mixed}"
    )


def _compared(study: Study, rows: Sequence[Row]) -> str:
    if study.key is None:
        return f"Compared: {_listed([*dict.fromkeys(row.variant for row in rows)])}"
    lines = _listed([*dict.fromkeys(row.line for row in rows if row.line)])
    values = _listed([*dict.fromkeys(row.value for row in rows)])
    return f"Compared: {lines + ', ' if lines else ''}`{study.key}` at {values}"


def _further_changes(study: Study, row: Row) -> list[str]:
    """Return what a run changed in params.yaml beside its variant's settings and the seed."""
    own = {"seed", *(key for variant in study.variants for key in variant.changes)}
    return [word for word in row.changes.split() if word.partition("=")[0] not in own]


def _listed(words: Sequence[str]) -> str:
    """Return "a, b and c"."""
    *most, last = words or [""]
    return f"{', '.join(most)} and {last}" if most else last
