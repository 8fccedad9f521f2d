"""The command `audit`: what the prepared data lack, from labels and photographs alone."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import PREPARED, REPORTS, Data


def audit(
    data: Data = PREPARED,
    out: Annotated[Path, typer.Option(help="Folder for the CSV files and index.html.")] = REPORTS / "audit",
    cache: Annotated[Path, typer.Option(help="File of hashes of photographs, for the next run.")] = Path(
        ".seco/audit/hashes.csv"
    ),
) -> None:
    """Find near-duplicates, and classes that need more or other images."""
    from seco.auditing.findings import audit_dataset, duplicate_rows, suggestion_rows
    from seco.auditing.hashes import hash_images
    from seco.auditing.near_duplicates import near_duplicates
    from seco.auditing.page import audit_sections
    from seco.auditing.words import in_words
    from seco.console.audit import show_audit
    from seco.reporting.page.compose import compose
    from seco.reporting.tables import write_frame
    from seco.runtime.progress import progress
    from seco.storage.atomic import atomic_write_text, require_writable
    from seco.storage.audit import read_audit
    from seco.storage.manifest import read_manifest

    manifest, partners = read_manifest(data), read_audit(data)
    require_writable(out)
    with progress("audit", len(manifest.records)) as advance:
        hashes = hash_images(manifest.records, data=data, cache=cache, progress=advance.reach)
    found = audit_dataset(manifest, partners, near_duplicates(manifest.records, hashes))
    sentences = in_words(found)
    page = compose(audit_sections(manifest, found, sentences), title="Audit of the data set", answer=sentences[0])
    write_frame(out / "classes.csv", found.classes)
    write_frame(out / "duplicates.csv", duplicate_rows(found.duplicates))
    write_frame(out / "suggestions.csv", suggestion_rows(found.suggestions))
    atomic_write_text(out / "index.html", page)
    show_audit(found, sentences, page=out / "index.html")
