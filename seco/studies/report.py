"""The page of results: a section with tables and pictures for each study; what else the page says stays."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from seco.errors import SecoError
from seco.reporting.tables import to_markdown
from seco.storage.atomic import atomic_write_bytes, atomic_write_text
from seco.storage.plain_text import listed
from seco.studies.definitions import Studies, Study
from seco.studies.pictures import study_picture, tag_picture
from seco.studies.results import Row, read_rows
from seco.studies.study_tables import class_scores_table, cost_table, scores_table, study_scores

_HEAD = """# Results

Made by `seco experiment report` from the runs in `{results}`, a row each. Numbers are mean ± standard deviation over
seeds. A difference (Δ) is the mean of the differences on the same seeds; in brackets the 95 % interval of a bootstrap
over the seeds, which is too narrow where they are few. Where a class has false pixels and not one true, its confusion
ratio is infinite; means leave it out, and the tables count it.
"""
_MIXED = "**Some runs had other settings than the rest** (column `changes` of the results): compare them with care."


def write_results_page(
    studies: Studies,
    settings: Mapping[str, object],
    *,
    results: Path,
    page: Path,
    pictures: Path,
    seed_split: str,
    split: str,
) -> list[str]:
    """Write a section and pictures of each study that has results; return the names of these studies.

    Args:
        settings: those of params.yaml, around whose values sweeps go.
        results: folder of the results files.
        page: page to write the sections into.
        pictures: folder for the pictures.
        seed_split: split on which CAM seeds and refined masks are scored.
        split: split on which segmentations are scored.

    Raises:
        SecoError: there are no results, a file or the page is damaged (nothing is written), or cannot be written.
    """
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    text = text or _HEAD.format(results=results)
    contents: dict[Path, bytes] = {}
    written: list[str] = []
    for study in studies.every(settings):
        rows = _in_order(read_rows(results / f"{study.name}.csv"), study)
        if not rows:
            continue
        biased = studies.biased_classes(_scored_classes(rows))
        scores = study_scores(rows, seed_split=seed_split, split=split, biased=biased)
        drawn = {study.about: (pictures / f"{study.name}.png", study_picture(scores, key=study.key))}
        if study.key is None and (tags := tag_picture(rows)):
            drawn["Right patch tags over time"] = (pictures / f"{study.name}-tags.png", tags)
        images = [f"![{title}]({os.path.relpath(path, page.parent)})" for title, (path, _) in drawn.items()]
        where = f"Segmentations are those of {split} after the last refinement; CAM seeds and refined masks those of "
        parts = [f"## {study.about}", *_origin(study, rows), f"{where}{seed_split}.", *_tables(study, scores, biased)]
        text = _put_section(text, study.name, "\n\n".join([*parts, *images]))
        contents |= dict(drawn.values())
        written.append(study.name)
    if not written:
        raise SecoError(f"{results} holds no results of a study: run one, such as `seco experiment ablation`")
    for path, content in contents.items():
        atomic_write_bytes(path, content)
    atomic_write_text(page, text)
    return written


def _in_order(rows: Sequence[Row], study: Study) -> list[Row]:
    """Return rows in the order of the study's variants, other variants last, and of seeds."""
    places = {variant.name: place for place, variant in enumerate(study.variants)}
    return sorted(rows, key=lambda row: (places.get(row["variant"], len(places)), row["seed"]))


def _scored_classes(rows: Sequence[Row]) -> set[str]:
    return {name.split("/")[-2] for name in rows[0] if name.startswith("class/")} - {"background"}


def _origin(study: Study, rows: Sequence[Row]) -> list[str]:
    """Return what was compared, on which seeds and code, and the command that does it again."""

    def distinct(name: str) -> list[str]:
        return [*dict.fromkeys(str(row[name]) for row in rows if row[name] != "")]

    if study.key is None:
        compared = listed(distinct("variant"))
    else:
        lines = distinct("line")
        compared = f"{listed(lines) + ', ' if lines else ''}`{study.key}` at {listed(distinct('value'))}"
    seeds, commits = sorted(distinct("seed"), key=int), listed(distinct("commit"))
    own = {"seed", *(key for variant in study.variants for key in variant.changes)}
    extra = [[word for word in row["changes"].split() if word.partition("=")[0] not in own] for row in rows]
    changes = "".join(f" -S {word}" for word in extra[0] if all(word in words for words in extra))
    return [
        f"Compared: {compared}; seed{'s' * (len(seeds) > 1)} {listed(seeds)}, at commit {commits}.",
        f"```bash\nseco experiment {study.command} --seeds {','.join(seeds)}{changes}\n```",
        *([] if all(words == extra[0] for words in extra) else [_MIXED]),
    ]


def _tables(study: Study, scores: pd.DataFrame, biased: Sequence[str]) -> list[str]:
    """Return the tables that the study names, each with its title."""
    references = scores["reference"].unique()
    reference = references[0] if len(references) == 1 else "the reference at the same value"
    tables = {
        "scores": (f"Scores; Δ is the difference to {reference} on the same seeds", scores_table(scores, biased)),
        "classes": ("IoU in percent and, in brackets, the confusion ratio", class_scores_table(scores, biased)),
        "cost": ("Time, and how near the scores come to full supervision's", cost_table(scores)),
    }
    return [f"{title}:\n\n{to_markdown(table)}".rstrip("\n") for title, table in map(tables.__getitem__, study.tables)]


def _put_section(page: str, name: str, text: str) -> str:
    """Return the page with a section in place of its older self, or at the end.

    Raises:
        SecoError: the two lines that mark the section are not a pair.
    """
    begin, end = f"<!-- results of {name} -->", f"<!-- end of {name} -->"
    block = f"{begin}\n{text}\n{end}"
    old = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    marks = (page.count(begin), page.count(end))
    if marks == (0, 0):
        return f"{page.rstrip()}\n\n{block}\n"
    if marks == (1, 1) and old.search(page):
        return old.sub(lambda _: block, page)
    raise SecoError(f"the page has no pair of `{begin}` and `{end}`: mend these lines, or delete them all")
