"""Object names from a VOC annotation, from XML that nobody vouches for."""

from pathlib import Path
from xml.etree import ElementTree

from seco.errors import SecoError


class _NoDoctype(ElementTree.TreeBuilder):
    """A tree builder that stops at a document type: entities, the XML bombs, can be declared nowhere else."""

    def doctype(self, name: str, *_: str | None) -> None:
        """Refuse the document type `name`."""
        raise SecoError(f"it declares the document type {name!r}")


def read_object_names(path: Path) -> frozenset[str]:
    """Return the names of the objects an annotation lists; the parts of an object are no class.

    Raises:
        SecoError: the file is missing, no XML, or declares a document type.
    """
    parser = ElementTree.XMLParser(target=_NoDoctype())
    try:
        parser.feed(path.read_bytes())
        root = parser.close()
    except FileNotFoundError as error:
        raise SecoError(f"{path} does not exist, so its image has no label: restore it") from error
    except (OSError, ElementTree.ParseError) as error:
        raise SecoError(f"{path} is not readable XML ({error}): replace it") from error
    except SecoError as error:
        raise SecoError(f"{path} is refused since {error}: remove the declaration") from error
    names = (element.text or "" for element in root.iterfind("object/name"))
    return frozenset(name.strip() for name in names if name.strip())
