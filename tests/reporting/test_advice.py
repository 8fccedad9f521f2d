import math

import pytest

from seco.reporting.advice import ClassFinding, Findings, TieFinding, advise, advise_without_truth

GOOD = ClassFinding("dog", 200, 100, 80.0, 90.0, 88.0)
SOUND = Findings([GOOD], [], [], (80.0, 82.0), 0.0, (80.0, 81.0))
TIE = TieFinding("horse", "person", 10.7, 3.9, 94, 174)


def test_sound_numbers_need_no_advice() -> None:
    assert advise(SOUND) == ()
    assert advise(SOUND._replace(cam=None, learned=None, classes=[])) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ties": [TIE]}, ("images of horse without person", "10.7 points", "94 of the 174")),
        ({"cam": (60.0, 75.0)}, ("Raise", "export.background", "60.0 %", "75.0 %", "seco sweep")),
        ({"cam": (75.0, 60.0)}, ("Lower", "export.background", "60.0 %", "75.0 %", "seco sweep")),
        ({"learned": (57.0, 54.0)}, ("Train longer", "54.0 %", "57.0 %")),
        ({"learned": (54.0, 57.0)}, ("Use the segmentations", "54.0 %", "57.0 %")),
        ({"classes": [GOOD._replace(precision=36.2, recall=69.5)]}, ("what surrounds dog", "36.2 %", "69.5 %")),
        ({"classes": [GOOD._replace(precision=95.4, recall=36.8)]}, ("images of dog", "cam.high", "36.8 %", "95.4 %")),
        ({"confusions": [(12.3, "dog", "cat")]}, ("dog and cat", "12.3 % of the pixels of dog are called cat")),
        ({"classes": [GOOD, GOOD._replace(name="cat", images_to_learn=49, iou=50.0)]}, ("cat", "49", "50.0 %", "65.0")),
        ({"uncertain": 12.5}, ("12.5 %", "uncertain")),
        ({"classes": [GOOD._replace(images_to_score=1)]}, ("1 of 1 classes", "fewer than 30", "dog on 1 image.")),
    ],
)
def test_each_rule_names_its_figures(change: dict, words: tuple[str, ...]) -> None:
    (sentence,) = advise(SOUND._replace(**change))
    assert [word for word in words if word not in sentence] == []


@pytest.mark.parametrize(
    "change",
    [
        {"ties": [TIE._replace(gap_low=-0.1)]},
        {"ties": [TIE._replace(gap=1.9)]},
        {"ties": [TIE._replace(gap=math.nan, gap_low=math.nan)]},
        {"cam": (60.0, 74.0)},
        {"learned": (57.0, 55.0)},
        {"confusions": [(9.9, "dog", "cat")]},
        {"classes": [GOOD._replace(iou=math.nan, precision=math.nan, recall=math.nan)]},
        {"classes": [GOOD._replace(images_to_score=0)]},
        {"uncertain": 9.9},
    ],
)
def test_below_its_limit_a_rule_is_silent(change: dict) -> None:
    assert advise(SOUND._replace(**change)) == ()


def test_confused_classes_that_occur_together_are_said_to() -> None:
    tie = TieFinding("cat", "dog", 0.0, -1.0, 5, 9)
    (sentence,) = advise(SOUND._replace(ties=[tie], confusions=[(20.0, "dog", "cat")]))
    assert sentence.endswith("The two occur together.")


def test_there_are_five_sentences_at_most_and_the_context_comes_first() -> None:
    bad = [ClassFinding("a", 3, 3, 10.0, 20.0, 90.0), ClassFinding("b", 3, 3, 10.0, 90.0, 20.0), GOOD]
    found = Findings(bad, [TIE], [(30.0, "a", "b")], (10.0, 90.0), 50.0, (90.0, 10.0))
    sentences = advise(found)
    assert len(sentences) == 5
    assert "horse" in sentences[0]


def test_without_truth_the_advice_is_to_draw_some() -> None:
    first, second = advise_without_truth(1200)
    assert "1,200 images" in first
    assert "seco sweep" in second
