from seco.runtime.progress import Progress
from seco.studies.watching import Watch
from tests.studies.place import run_of


def test_the_note_says_what_each_run_under_way_is_at():
    shown: list[str] = []
    watch = Watch(Progress("study", 3, lambda counter, is_last: shown.append(counter.line())))
    for value, line in (
        (1, "Running stage 'demo/dvc.yaml:generate':\n"),
        (1, "> seco generate\n"),
        (2, "Running stage 'train':\n"),
        (1, "refined masks:  20/80   25%  0:34 left\n"),
        (2, "train: 120/800  15%  1:02:34 left  cls 0.123  ptc 0.456\n"),
    ):
        watch.hear(run_of(value), line)
    assert shown == [
        "study: 0/3    0%  study-1: generate",
        "study: 0/3    0%  study-1: generate, study-2: train",
        "study: 0/3    0%  study-1: generate, study-2: train 15%",
    ]
    watch.end(run_of(1))
    assert shown[-1].startswith("study: 1/3   33%")
    assert shown[-1].endswith("left  study-2: train 15%")
