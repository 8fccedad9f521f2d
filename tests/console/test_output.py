import io

import pytest
from rich.console import Console
from rich.table import Column

from seco.console.output import open_console, print_sentence, text_table
from seco.storage.plain_text import one_line
from tests.names import HOSTILE


def terminal() -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, width=400, force_terminal=True, color_system=None), text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_shown_as_it_is_in_every_part_of_a_table_and_in_a_sentence(name: str) -> None:
    console, text = terminal()
    console.print(text_table([Column(name)], [[name]]))
    print_sentence(console, name)
    lines = text.getvalue().splitlines()
    assert len(lines) == 6, "top, heading, rule, row, bottom, sentence"
    assert [one_line(name) in lines[index] for index in (1, 3, 5)] == [True] * 3
    assert "\x1b[31m" not in text.getvalue()


def test_a_log_is_as_wide_as_asked_and_a_terminal_as_it_is() -> None:
    assert open_console(Console(file=io.StringIO()), log_width=77).width == 77
    assert open_console(terminal()[0], log_width=77).width == 400
