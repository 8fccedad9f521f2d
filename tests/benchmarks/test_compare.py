"""Two sets of timings are compared by the ratio of their medians, and what got slower beyond noise ends with 1."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks import compare
from benchmarks.compare import compared, verdict_of
from benchmarks.records import read_record, write_record

STEADY = [1.0, 1.01, 0.99, 1.0, 1.02, 0.98, 1.0]
NOISY = [0.7, 1.6, 0.9, 1.5, 1.0, 0.8, 1.4]


def test_equal_times_have_the_ratio_one_and_no_verdict():
    change = compared(STEADY, STEADY)
    assert change.ratio == 1.0
    assert change.low < 1.0 < change.high
    assert verdict_of(change, 1.03, count=7) == ""


@pytest.mark.parametrize(("factor", "verdict"), [(1.2, "slower"), (0.8, "faster"), (1.02, "")])
def test_a_change_beyond_noise_and_tolerance_is_told(factor, verdict):
    change = compared(STEADY, [factor * value for value in STEADY])
    assert change.ratio == pytest.approx(factor)
    assert verdict_of(change, 1.03, count=7) == verdict


def test_noise_is_no_change_and_few_times_say_nothing():
    assert verdict_of(compared(STEADY, NOISY), 1.03, count=7) == ""
    assert verdict_of(compared(STEADY, [9.0]), 1.03, count=1) == "fewer than 5 times"


def _run(before: Path, after: Path) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(compare.main)
    done = CliRunner().invoke(app, [str(before), str(after)])
    return done.exit_code, done.output


def test_the_command_ends_with_one_where_something_got_slower(tmp_path):
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    write_record(before, {"step": STEADY, "gone": STEADY})
    write_record(after, {"step": [2 * value for value in STEADY]})
    status, text = _run(before, after)
    assert status == 1
    assert "| step | 1 | 2 | 2.00 |" in text
    assert "gone is in one file only" in text
    assert _run(before, before)[0] == 0


def test_files_that_hold_no_timings_or_are_of_two_machines_are_refused(tmp_path):
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    write_record(before, {"step": STEADY})
    after.write_text('{"machine": "another", "seconds": {"step": [1.0]}}')
    status, text = _run(before, after)
    assert status == 2
    assert "two machines" in text
    for content in ("{", "[1]", '{"machine": "m", "seconds": {"step": []}}'):
        after.write_text(content)
        with pytest.raises(typer.BadParameter, match="holds no timings"):
            read_record(after)
