"""Compose the page of a report from its sections."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from seco.reporting.blocks import Block, Chart, Section
from seco.reporting.page.views import css_colour, data_uri, kind_of, least_width, table_view
from seco.storage.plain_text import one_line

_PERCENT = re.compile(r"(?<=\d) %")
_HERE = "seco.reporting.page"


def compose(sections: Sequence[Section], *, title: str, answer: str, facts: Sequence[str] = ()) -> str:
    """Return a page of HTML that needs no other file and no network.

    Args:
        sections: its parts, in their order; one without blocks is left out.
        title: its heading.
        answer: what a reader must know first, in a sentence.
        facts: a few words each on what was run, in the line below the answer.
    """
    shown = [section for section in sections if section.blocks]
    charts = [block for section in shown for block in section.blocks if isinstance(block, Chart)]
    numbers = {id(chart): number for number, chart in enumerate(charts)}

    def number_of(block: Block) -> int:
        return numbers[id(block)]

    return (
        _environment()
        .get_template("page.html")
        .render(
            sections=shown,
            title=title,
            answer=answer,
            facts=facts,
            specs=[chart.spec for chart in charts],
            number_of=number_of,
            style=_resource("style.css"),
            script=_resource("page.js"),
            library=chart_library() if charts else "",
        )
    )


@cache
def chart_library() -> Markup:
    """Return the script that draws the charts: Vega-Embed with Vega-Lite and Vega, as vl-convert bundles them."""
    from altair import SCHEMA_VERSION
    from vl_convert import javascript_bundle

    version = "_".join(SCHEMA_VERSION.split(".")[:2])
    # In HTML nothing but these two character sequences acts within a script.
    return _script(javascript_bundle("window.vegaEmbed = vegaEmbed", vl_version=version))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_in_one_line,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    helpers = (css_colour, data_uri, kind_of, least_width, table_view)
    environment.globals |= {helper.__name__: helper for helper in helpers}
    return environment


def _in_one_line(value: Any) -> Any:
    """Return text with signs that act on what is around them written as their codes, "%" kept with its number."""
    return _PERCENT.sub("\u00a0%", one_line(value)) if type(value) is str else value


def _resource(name: str) -> Markup:
    return _script(files(_HERE).joinpath(name).read_text(encoding="utf-8"))


def _script(text: str) -> Markup:
    """Return text as it is for a script or style element.

    Raises:
        ValueError: it would end the element.
    """
    if "</script" in text.lower() or "</style" in text.lower() or "<!--" in text:
        raise ValueError("a script or style must hold neither its end tag nor a comment of HTML")
    return Markup(text)
