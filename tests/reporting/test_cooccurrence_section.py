import numpy as np

from seco.reporting.blocks import Chart, Points, Prose, Table
from seco.reporting.cooccurrence_section import audit_section, cooccurrence_section, pairs_chart
from seco.reporting.surroundings import surroundings_table
from seco.storage.audit import Partner
from tests.reporting.test_cooccurrence import ALONE, BOTH, found_of

MAIN = {"masks": "CAM seed", "split": "train"}
NO_CONTEXTS = surroundings_table([], class_names=("horse", "rider", "cat"), contexts={})
BOAT = Partner("boat", 210, 3, "water", 207, 1.23, 101)
CAR = Partner("car", 50, 50, "", 0, 0.0, 0)


def test_the_audit_has_a_sentence_a_class_and_a_table_of_those_that_come_together():
    sentences, table = audit_section([BOAT, CAR]).blocks
    assert isinstance(sentences, Points)
    assert sentences.items == (
        "boat is alone in 3 of its 210 images: 101 more without water (now 3) would make those a third of its images.",
    )
    assert isinstance(table, Table)
    assert table.frame.to_numpy().tolist() == [["boat", 210, 3, "water", 207, 3, 1.23, 101]]


def test_an_audit_without_findings_says_so():
    (sentence,) = audit_section([CAR, CAR._replace(class_name="cat")]).blocks
    assert sentence == Prose("Every class is without any other one in at least a third of its images.")
    assert audit_section([CAR]).blocks == (), "a single class has no company"


def test_the_section_answers_first_and_shows_the_main_masks():
    section = cooccurrence_section(found_of(BOTH, BOTH, ALONE), NO_CONTEXTS, main=MAIN)
    assert [type(block) for block in section.blocks] == [Prose, Chart, Prose, Prose, Table, Prose, Table]
    table = section.blocks[4]
    assert isinstance(table, Table)
    assert table.frame[["class", "other"]].to_numpy().tolist() == [["horse", "rider"], ["rider", "horse"]]
    assert table.frame["false pixels on the other, both in the image %"].tolist()[0].startswith("16.7 (")  # 10 of 60


def test_pairs_that_no_label_names_make_no_chart():
    found = found_of(BOTH, BOTH, ALONE)
    unknown = found._replace(pairs=found.pairs.assign(lift=np.nan))
    section = cooccurrence_section(unknown, NO_CONTEXTS, main=MAIN)
    assert [type(block) for block in section.blocks] == [Prose, Prose, Prose, Table, Prose, Table]


def test_the_scatter_names_the_more_confused_direction_of_a_tied_pair():
    both = {
        (0, 0): 10,
        (1, 1): 10,
        (2, 1): 5,
        (2, 2): 15,
        (1, 2): 1,
    }  # 25 % of a rider is called horse, 9 % the other way
    chart = pairs_chart(found_of(both, {(3, 3): 8, (3, 1): 2}).pairs)
    points = {point["pair"]: point for point in chart["layer"][1]["data"]["values"]}
    assert {name: point["confusion"] for name, point in points.items()} == {
        "rider called horse": 25.0,
        "horse called rider": round(100 / 11, 4),
        "cat called horse": 20.0,
    }
    assert [name for name, point in points.items() if point["named"]] == ["rider called horse"]
    assert np.isclose(points["cat called horse"]["lift"], 100 * 1 / (30 * 50), atol=1e-4)
