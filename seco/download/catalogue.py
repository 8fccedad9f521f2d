"""Reads the table of archives: archives.yaml, or one of the user's own for a mirror."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from seco.errors import SecoError, did_you_mean
from seco.storage.yaml_file import read_yaml

TABLE = Path(__file__).with_name("archives.yaml")

_Count = Annotated[int, Field(ge=1)]
_Place = Annotated[str, Field(pattern=r"^([\w-][\w.-]*(/[\w-][\w.-]*)*)?$")]  # a relative path that goes down only
_Url = Annotated[str, Field(pattern=r"^https?://\S+$")]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Archive(_Row):
    """One archive; archives.yaml explains the fields."""

    file: Annotated[str, Field(pattern=r"^[\w-][\w.-]*$")]
    urls: Annotated[tuple[_Url, ...], Field(min_length=1)]
    size: _Count
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None
    md5: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] | None
    below: _Place
    into: _Place
    gives: Annotated[tuple[_Place, ...], Field(min_length=1)]
    most_files: _Count
    most_bytes: _Count


class DataSet(_Row):
    """A data set and its archives, in the order in which they are fetched."""

    about: str
    root: str
    archives: Annotated[tuple[Archive, ...], Field(min_length=1)]


def find_data_set(name: str, table: Path = TABLE) -> DataSet:
    """Return a data set of the table.

    Raises:
        SecoError: the name is unknown, or the table is missing or faulty.
    """
    try:
        found = TypeAdapter(dict[str, DataSet]).validate_python(read_yaml(table))
    except ValidationError as error:
        faults = ("  {}: {}".format(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors())
        raise SecoError("\n".join([f"{table} is no table of archives:", *faults])) from error
    if name not in found:
        raise SecoError(f"there is no data set {name!r}: {did_you_mean(name, sorted(found))}")
    return found[name]
