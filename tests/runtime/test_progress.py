import io

import pytest
from rich.console import Console

from seco.runtime.progress import progress


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("seco.runtime.progress.time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def plain_console() -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, force_terminal=False, width=40), text


def test_plain_output_is_a_line_every_ten_seconds_and_one_at_the_end(clock: Clock) -> None:
    console, text = plain_console()
    with progress("refine", 25, console=console) as advance:
        for _ in range(25):
            clock.now += 1
            advance()
    assert text.getvalue().splitlines() == [
        "refine: 10/25   40%  0:00:15 left",
        "refine: 20/25   80%  0:00:05 left",
        "refine: 25/25  100%",
    ]


def test_the_estimate_starts_after_the_steps_of_an_earlier_run(clock: Clock) -> None:
    console, text = plain_console()
    with progress("train", 600, console=console) as advance:
        advance(500)
        clock.now += 10
        advance(10, "loss 0.5 [bf16]")
    assert text.getvalue().splitlines()[0] == "train: 510/600   85%  0:01:30 left  loss 0.5 [bf16]"


def test_a_callback_of_done_and_total_sets_the_count(clock: Clock) -> None:
    console, text = plain_console()
    with progress("prepare", console=console) as advance:
        assert advance.line() == "prepare: 0"
        advance.reach(3, 4)
        advance.reach(4, 4)
    assert text.getvalue() == "prepare: 4/4  100%\n"


def test_another_part_of_the_work_starts_from_zero(clock: Clock) -> None:
    console, text = plain_console()
    with progress("lists", console=console) as advance:
        advance.reach(1, 300)
        clock.now += 5
        advance.begin("images")
        advance.reach(1, 11)
        clock.now += 10
        advance.reach(6, 11)
    assert text.getvalue().splitlines()[0] == "images: 6/11   54%  0:00:10 left"


def test_a_terminal_shows_a_bar_with_the_same_words(clock: Clock) -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=100, legacy_windows=False)
    with progress("predict", 2, console=console) as advance:
        advance()
        clock.now += 3
        advance(note="[crf]")
    assert "predict: 2/2  100%  [crf]" in text.getvalue()
    assert "━" in text.getvalue()


def test_a_stage_that_fails_prints_no_last_line(clock: Clock) -> None:
    console, text = plain_console()
    with pytest.raises(ZeroDivisionError), progress("refine", 2, console=console):
        raise ZeroDivisionError
    assert text.getvalue() == ""
