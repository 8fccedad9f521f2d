import io

import pytest
from rich.console import Console

from seco.runtime.progress import clock, progress


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("seco.runtime.progress.time.monotonic", lambda: self.now)


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def _plain() -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, force_terminal=False, width=40), text


def test_plain_output_is_a_line_every_ten_seconds_and_one_at_the_end(moments: Clock) -> None:
    console, text = _plain()
    with progress("refine", 25, console=console) as advance:
        for _ in range(25):
            moments.now += 1
            advance()
    assert text.getvalue().splitlines() == [
        "refine: 10/25   40%  0:15 left",
        "refine: 20/25   80%  0:05 left",
        "refine: 25/25  100%",
    ]


def test_what_a_resumed_run_finds_done_does_not_count_as_speed(moments: Clock) -> None:
    console, text = _plain()
    with progress("train", 600, console=console) as advance:
        advance(500)
        moments.now += 10
        advance(10, "loss 0.5 [bf16]")
    assert text.getvalue().splitlines()[0] == "train: 510/600   85%  1:30 left  loss 0.5 [bf16]"


def test_a_callback_of_done_and_total_sets_the_count(moments: Clock) -> None:
    console, text = _plain()
    with progress("prepare", console=console) as advance:
        assert advance.line() == "prepare: 0"
        advance.reach(3, 4)
        advance.reach(4, 4)
    assert text.getvalue() == "prepare: 4/4  100%\n"


def test_a_terminal_gets_a_bar_with_the_same_words(moments: Clock) -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=100, legacy_windows=False)
    with progress("predict", 2, console=console) as advance:
        advance()
        moments.now += 3
        advance(note="[crf]")
    assert "predict: 2/2  100%  [crf]" in text.getvalue()
    assert "━" in text.getvalue()


def test_a_stage_that_fails_prints_no_closing_line(moments: Clock) -> None:
    console, text = _plain()
    with pytest.raises(ZeroDivisionError), progress("refine", 2, console=console):
        raise ZeroDivisionError
    assert text.getvalue() == ""


def test_durations_read_like_a_clock() -> None:
    assert [clock(seconds) for seconds in (0.4, 34, 61, 3723)] == ["0:00", "0:34", "1:01", "1:02:03"]


def test_another_part_of_the_work_counts_and_estimates_anew(moments: Clock) -> None:
    console, text = _plain()
    with progress("lists", console=console) as advance:
        advance.reach(1, 300)
        moments.now += 5
        advance.begin("images")
        advance.reach(1, 11)
        moments.now += 10
        advance.reach(6, 11)
    assert text.getvalue().splitlines()[0] == "images: 6/11   54%  0:10 left"
