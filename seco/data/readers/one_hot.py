"""Images listed in a CSV file with a column for each class, which holds 1 where the image shows it and 0 elsewhere.

```
filename,cat,dog
photos/rex.jpg,0,1
```

Columns called `split` and `mask` are read as in other CSV files. Classes come in the order of the columns.
"""

from collections.abc import Sequence

from seco.data.listing import Listing, ReaderInput
from seco.data.problems import Problem
from seco.data.readers.csv_table import LABELS, add_rows
from seco.data.readers.finder import FileFinder
from seco.data.readers.tables import IMAGE, MISSING, Row, Table, read_table
from seco.errors import SecoError

_OTHERS = ("split", "mask")
_VALUES = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}


def read_one_hot(data: ReaderInput) -> Listing:
    """List the images of such CSV files.

    Args:
        data: `places` names a file for each split. One under None may have a column `split`.

    Raises:
        SecoError: a file is missing, no CSV, or names no image or no class.
    """
    listing, finder = Listing(), FileFinder(data.root, outside_root=data.outside_root)
    for split, name in data.places.items():
        file = finder.find(name, remedy=MISSING)
        table = read_table(file)
        classes = class_columns(table)
        if IMAGE not in table.columns or not classes:
            raise SecoError(f"{file}, line 1: the first line must be image and the name of each class")
        rows = []
        for row in table.rows:
            fault = _fault(row, classes)
            if fault is None:
                rows.append(_with_labels(row, classes))
            else:
                listing.problems.append(Problem(file, f"{row.where}: {fault}"))
        add_rows(listing, finder, file, rows, split=split)
        listing.class_names.extend(name for name in classes if name not in listing.class_names)
    finder.settle(listing)
    return listing


def class_columns(table: Table) -> list[str]:
    """Return the columns that stand for classes."""
    return [name for name in table.columns if name not in (IMAGE, *_OTHERS)]


def is_one_hot(table: Table) -> bool:
    """Return whether a table names images, and each column for a class holds 0 and 1 alone."""
    classes = class_columns(table)
    cells = (row.cells.get(name, "").lower() for row in table.rows for name in classes)
    return IMAGE in table.columns and bool(classes) and bool(table.rows) and all(cell in _VALUES for cell in cells)


def _fault(row: Row, classes: Sequence[str]) -> str | None:
    for name in classes:
        value = row.cells.get(name, "")
        if value.lower() not in _VALUES:
            return f"the column {name!r} holds {value!r}: write 1 where the image shows the class, else 0"
    return None


def _with_labels(row: Row, classes: Sequence[str]) -> Row:
    kept = {name: value for name, value in row.cells.items() if name in (IMAGE, *_OTHERS)}
    shown = [name for name in classes if _VALUES[row.cells[name].lower()]]
    return row._replace(cells={**kept, LABELS: ";".join(shown)})
